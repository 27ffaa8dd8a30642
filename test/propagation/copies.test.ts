import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { currentVirtualCluster, instrumentUndici, PropagationError, register, runInVirtualCluster, stats } from "@puggle/propagation";
import { rolldown } from "rolldown";
import type * as undici from "undici";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Loopback, listen } from "./loopback.ts";
import { type Echo, echo } from "./outbound-clients.ts";

let folder: string;
let target: Loopback;
let bundled: typeof undici;

beforeAll(async () => {
  register();
  target = await listen(echo);
  folder = mkdtempSync(join(tmpdir(), "puggle-"));
  const bundle = await rolldown({ input: import.meta.resolve("undici").replace("file://", ""), platform: "node", external: /^node:/ });
  await bundle.write({ file: join(folder, "bundle.mjs"), format: "esm" });
  await bundle.close();
  bundled = (await import(pathToFileURL(join(folder, "bundle.mjs")).href)).default;
});

afterAll(async () => {
  await target.close();
  rmSync(folder, { recursive: true });
});

test("a copy of undici inside a bundle sends no name, since whose request it is can not be known, until it is made known", async () => {
  const dispatcher = new bundled.Agent();
  const send = async () => {
    const { body } = await runInVirtualCluster("vc-1", () => bundled.request(target.origin, { dispatcher }));
    return ((await body.json()) as Echo).names;
  };
  const before = stats().withheld["uncertain-origin"];
  expect(await send()).toEqual([]);
  expect(stats().withheld["uncertain-origin"]).toBe(before + 1);

  instrumentUndici(bundled);
  instrumentUndici(bundled);
  expect(await send()).toEqual(["vc-1"]);
  expect(stats().withheld["uncertain-origin"]).toBe(before + 1);
  await dispatcher.close();
});

test("only undici's exports are taken for undici", () => {
  for (const exports of [undefined, null, {}, "undici", { Client: class {} }, { Client() {}, Agent: 1, Dispatcher: 2 }]) {
    expect(() => instrumentUndici(exports)).toThrow(PropagationError);
  }
});

test("a callback that comes within a dispatch does not lend its scope to a copy that is not known", async () => {
  const other = (await import(`${pathToFileURL(join(folder, "bundle.mjs")).href}?another`)).default as typeof undici;
  const dispatcher = new other.Agent();
  const known = new bundled.Client(target.origin);
  await known.close();
  const before = stats().withheld["uncertain-origin"];
  let inner: Promise<Echo> | undefined;
  runInVirtualCluster("vc-1", () =>
    known.dispatch({ path: "/", method: "GET" }, {
      onRequestStart() {},
      onResponseError() {
        expect(currentVirtualCluster()).toBe("vc-1");
        inner = other.request(target.origin, { dispatcher }).then(({ body }) => body.json() as Promise<Echo>);
      },
    } as never),
  );
  expect((await inner)?.names).toEqual([]);
  expect(stats().withheld["uncertain-origin"]).toBe(before + 1);
  await dispatcher.close();
});
