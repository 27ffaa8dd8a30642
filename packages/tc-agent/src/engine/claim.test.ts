import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createConnection, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { askHolder, Claim } from "./claim.ts";
import { socketFile } from "./holder-socket.ts";

const held = { path: "/nowhere/net", id: "4-4711" };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "puggle-claim-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const claimIt = (answer: Parameters<typeof Claim.make>[1] = async () => ({})) => Claim.make(held, answer, folder);

it("one process at a time looks after a network namespace", async () => {
  const claim = await claimIt();
  await expect(claimIt()).rejects.toMatchObject({
    code: "held",
    message: expect.stringContaining(`process ${process.pid} looks after this network namespace`),
  });
  await claim.release();
  expect(existsSync(socketFile(folder, held))).toBe(false);
  await (await claimIt()).release();
});

it("is for nobody but its user to ask or to take away", async () => {
  const claim = await claimIt();
  expect([folder, socketFile(folder, held)].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o600]);
  await claim.release();
});

it("answers what others ask, also with what went wrong", async () => {
  const claim = await claimIt(async (request) => {
    if (request === "verify") throw new Error("no tcpdump");
    return { request };
  });
  expect(await askHolder(held, "status", folder)).toEqual({ request: "status" });
  expect(await askHolder(held, "clear", folder)).toEqual({ request: "clear" });
  await expect(askHolder(held, "verify", folder)).rejects.toMatchObject({
    code: "refused",
    message: expect.stringContaining("no tcpdump"),
  });
  await claim.release();
});

it("says what it was about to say before it is released", async () => {
  const heard = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<object>();
  const claim = await claimIt(() => {
    heard.resolve();
    return answer.promise;
  });
  const asked = askHolder(held, "clear", folder);
  await heard.promise;
  answer.resolve({ cleared: true });
  await claim.release();
  expect(await asked).toEqual({ cleared: true });
});

it("is released also while somebody is connected and says nothing, or waits for what never comes", async () => {
  const claim = await claimIt(() => new Promise(() => undefined));
  const silent = createConnection({ path: socketFile(folder, held) });
  const ended = new Promise((resolve) => silent.once("close", resolve));
  await new Promise((resolve) => silent.once("connect", resolve));
  const asked = expect(askHolder(held, "status", folder)).rejects.toMatchObject({
    message: expect.stringContaining("ended without an answer"),
  });
  await claim.release();
  await Promise.all([ended, asked]);
});

it("is refused with a reason where its folder can not be written", async () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  await expect(Claim.make(held, async () => ({}), join(file, "puggle"))).rejects.toMatchObject({
    name: "KernelError",
    code: "refused",
    message: expect.stringContaining("can not be used"),
  });
});

describe("a claim whose process was killed", () => {
  beforeEach(() => {
    const program = `import { Claim } from ${JSON.stringify(new URL("claim.ts", import.meta.url).href)};
await Claim.make(${JSON.stringify(held)}, async () => ({}), ${JSON.stringify(folder)});
process.kill(process.pid, "SIGKILL");`;
    const { signal } = spawnSync(process.execPath, ["--input-type=module-typescript", "-e", program]);
    expect([signal, existsSync(socketFile(folder, held))]).toEqual(["SIGKILL", true]);
  });

  it("is nobody's", async () => {
    expect(await askHolder(held, "status", folder)).toBeUndefined();
    await (await claimIt()).release();
  });

  it("is taken over by one of several that want it", async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => claimIt()));
    const [winner, ...more] = outcomes.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    expect(more).toEqual([]);
    expect(await askHolder(held, "status", folder)).toEqual({});
    await winner?.release();
  });
});

describe("a holder that answers badly", () => {
  let server: Server;
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  it.each([
    ["nothing, and ends", "", "ended without an answer"],
    ["something of another kind", "hello\n", "not understood"],
    ["who it is, and ends", '{"pid":7}\n', "process 7 that looks after it ended without an answer"],
    ["what is no JSON", '{"pid":7}\n{"cleared\n', "process 7 that looks after it answers what is no JSON"],
    ["half an answer", '{"pid":7}\n{"cleared"', "broke off its answer"],
  ])("is told of where it says %s", async (_, said, message) => {
    server = createServer((socket) => socket.resume().end(said)).listen(socketFile(folder, held));
    await expect(askHolder(held, "clear", folder)).rejects.toMatchObject({
      code: "refused",
      message: expect.stringContaining(message),
    });
  });

  it("is told of where it says nothing in time, and is not replaced", async () => {
    server = createServer((socket) => socket.resume()).listen(socketFile(folder, held));
    await expect(askHolder(held, "status", folder)).rejects.toMatchObject({ message: expect.stringContaining("within 2 s") });
    await expect(claimIt()).rejects.toMatchObject({ code: "held" });
  });
});
