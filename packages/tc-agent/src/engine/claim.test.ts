import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { askHolder, Claim } from "./claim.ts";

const namespace = (name: string) => ({ path: `/nowhere/${name}`, id: `${name}-${process.pid}` });

it("one process at a time looks after a network namespace", async () => {
  const held = namespace("one");
  const claim = await Claim.make(held, async () => ({}));
  await expect(Claim.make(held, async () => ({}))).rejects.toMatchObject({
    code: "held",
    message: expect.stringContaining(`process ${process.pid} looks after this network namespace`),
  });
  await claim.release();
  await (await Claim.make(held, async () => ({}))).release();
});

it("answers what others ask, also with what went wrong", async () => {
  const held = namespace("asked");
  const claim = await Claim.make(held, async (request) => {
    if (request === "verify") throw new Error("no tcpdump");
    return { request };
  });
  expect(await askHolder(held, "status")).toEqual({ request: "status" });
  expect(await askHolder(held, "clear")).toEqual({ request: "clear" });
  await expect(askHolder(held, "verify")).rejects.toMatchObject({ code: "refused", message: expect.stringContaining("no tcpdump") });
  await claim.release();
});

it("is nobody's when its process was killed", async () => {
  const held = namespace("killed");
  const program = `import { Claim } from ${JSON.stringify(new URL("claim.ts", import.meta.url).href)};
await Claim.make(${JSON.stringify(held)}, async () => ({}));
process.kill(process.pid, "SIGKILL");`;
  const { signal } = spawnSync(process.execPath, ["--input-type=module-typescript", "-e", program]);
  expect(signal).toBe("SIGKILL");
  expect(await askHolder(held, "status")).toBeUndefined();
  await (await Claim.make(held, async () => ({}))).release();
});
