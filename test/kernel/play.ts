/** `npm run kernel`: a kernel with network emulation for a person, with a pod's network in it, until Ctrl-D. */
import { join } from "node:path";
import { createInterface } from "node:readline";
import { findParts } from "./boot/find-parts.ts";
import { startKernel } from "./boot/start.ts";
import type { KernelProcess } from "./channel/commands.ts";
import { makePodNetwork } from "./network/pod-network.ts";
import { findMissing } from "./requirements.ts";

const missing = findMissing();
if (missing.length > 0) {
  console.error(`the kernel needs more than this machine has:\n${missing.map((line) => `  ${line}`).join("\n")}`);
  process.exit(1);
}

const PUGGLE = join(import.meta.dirname, "../../packages/cli/bin/puggle.js");
const AT_ONCE = /\s*&\s*$/;

const kernel = await startKernel(await findParts());
const network = await makePodNetwork(kernel);
await kernel.shell(
  'mkdir -p /tmp/bin; printf \'#!/bin/sh\\nexec "%s" "%s" "$@"\\n\' "$1" "$2" >/tmp/bin/puggle; chmod +x /tmp/bin/puggle',
  [process.execPath, PUGGLE],
);
const environment = { PATH: `/tmp/bin:${process.env.PATH ?? ""}` };
console.log(`A kernel with network emulation; Ctrl-D ends it. Each line is a shell's, and ends by itself; one that ends in & goes on, and "stop" interrupts it.
Its files are this machine's, but for /tmp, /run and /var/tmp, which are its own and can be written. There is a pod with an eth0:

  ip netns exec ${network.pod} ping -c 3 ${network.farIpv4[0]}        # also ${network.farIpv6[0]}
  echo 'egress: [{ delay: 100ms, loss: 10% }]' >/tmp/spec.yaml
  puggle net apply -f /tmp/spec.yaml --netns ${network.podPath} &
  puggle net show --verify --netns ${network.podPath}
`);

const running: KernelProcess[] = [];
const lines = createInterface({ input: process.stdin, output: process.stdout, prompt: "# " });
let isOver = false;
lines.on("close", () => {
  isOver = true;
});
lines.prompt();
for await (const line of lines) {
  if (line.trim() === "stop") for (const started of running.splice(0)) started.kill("SIGINT");
  else if (AT_ONCE.test(line)) await startApart(line.replace(AT_ONCE, ""));
  else if (line.trim() !== "") await follow(await kernel.start("sh", ["-c", line], { environment, folder: "/tmp" }));
  if (!isOver) lines.prompt();
}
await kernel.stop();

async function startApart(line: string): Promise<void> {
  const started = await kernel.start("sh", ["-c", `exec ${line}`], { environment, folder: "/tmp" });
  running.push(started);
  follow(started).catch(() => undefined);
}

async function follow(started: KernelProcess): Promise<void> {
  started.onOutput((text, stream) => process[stream].write(text));
  const { code } = await started.ended;
  if (code !== 0) console.error(`(exit code ${code})`);
}
