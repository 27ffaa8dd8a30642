import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { expectNamesToArrive } from "./contract.ts";
import { APP } from "./running-service.ts";
import { useServices } from "./services.ts";

const start = useServices();

const REQUIRE = ["--require", "@puggle/propagation/register"];
const IMPORT = ["--import", "@puggle/propagation/register"];

test.each([
  ["an ES module", [...IMPORT, "./in-a-worker.mjs"]],
  ["a CommonJS module", [...REQUIRE, "./in-a-worker.cjs"]],
])("a service in a worker thread, of %s, inherits the preload", async (_, args) => {
  const running = await start(args);
  await expectNamesToArrive(running);
  expect(await running.stop()).toBe("");
});

test("the processes of a cluster inherit the preload", async () => {
  const running = await start([...REQUIRE, "./in-a-cluster.cjs"]);
  await expectNamesToArrive(running);
  const pids = await Promise.all(Array.from({ length: 20 }, () => running.get<number>("/pid")));
  expect(new Set(pids).size).toBe(2);
  expect(await running.stop()).toBe("");
});

test("a message to another thread, and its answer, carry no name: whoever takes it up says whose it is", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [...IMPORT, "./messages.mjs"], { cwd: APP });
  expect(JSON.parse(stdout)).toEqual({ inWorker: "none", inMain: "none" });
});
