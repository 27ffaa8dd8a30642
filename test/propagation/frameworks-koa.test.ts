import { createServer } from "node:http";
import { PassThrough, Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { currentVirtualCluster, register } from "@puggle/propagation";
import { virtualCluster } from "@puggle/propagation/koa";
import Koa3 from "koa";
import Koa2 from "koa2";
import { beforeAll, describe, expect, test } from "vitest";
import { listenOn } from "./loopback.ts";
import { namedInFlight } from "./matrix/ways-in/expectations.ts";
import { getJson, HEADER } from "./requests.ts";

const names = ["vc-1", undefined, "vc-2", undefined, "vc-1"];

beforeAll(() => {
  register({ inbound: false });
});

describe.each([
  ["2", Koa2],
  ["3", Koa3],
])("the middleware of Koa %s", (_version, Koa) => {
  async function answersOf(app: Koa3): Promise<(string | undefined)[]> {
    const service = await listenOn(createServer(app.callback()));
    const headers = names.map((name): Record<string, string> => (name === undefined ? {} : { [HEADER]: name }));
    const answers = await Promise.all(headers.map((each) => getJson<{ name: string | undefined }>(service.origin, each)));
    await service.close();
    await expect.poll(namedInFlight).toBe(0);
    return answers.map(({ json }) => json.name);
  }

  test("holds in the middleware after it, before and after what comes after that", async () => {
    const app = new Koa().use(virtualCluster()).use(async (context, next) => {
      const before = currentVirtualCluster();
      await next();
      await sleep(1);
      context.body = { name: before === currentVirtualCluster() ? before : `${before}, then ${currentVirtualCluster()}` };
    });
    expect(await answersOf(app)).toEqual(names);
  });

  test("holds in a body that is only made while it is sent, when all middleware is done", async () => {
    const app = new Koa().use(virtualCluster()).use((context) => {
      context.body = Readable.from(
        (async function* () {
          yield '{ "name": ';
          await sleep(1);
          yield `${JSON.stringify(currentVirtualCluster() ?? null)} }`;
        })(),
        { objectMode: false },
      );
    });
    expect(await answersOf(app)).toEqual(names.map((name) => name ?? null));
  });

  test("leaves a body as it is that the service writes itself", async () => {
    const app = new Koa().use(virtualCluster()).use((context) => {
      const body = new PassThrough();
      context.body = body;
      setTimeout(() => {
        body.write('{ "name": ');
        body.end(`${JSON.stringify(currentVirtualCluster() ?? null)} }`);
      }, 2);
    });
    expect(await answersOf(app)).toEqual(names.map((name) => name ?? null));
  });

  test("holds in the listeners of the app's errors, for those that are thrown and those of a body", async () => {
    const seen: string[] = [];
    const app = new Koa().use(virtualCluster()).use(async (context) => {
      await sleep(1);
      if (context.path === "/thrown") throw new Error("thrown");
      context.body = new Readable({ read: (): void => context.body.destroy(new Error("by the body")) });
    });
    app.on("error", (error: Error) => seen.push(`${error.message} for ${currentVirtualCluster()}`));
    const service = await listenOn(createServer(app.callback()));
    for (const path of ["/thrown", "/body"]) {
      await fetch(service.origin + path, { headers: { [HEADER]: "vc-1" } })
        .then((response) => response.text())
        .catch(() => {});
    }
    await service.close();
    expect(seen).toEqual(["thrown for vc-1", "by the body for vc-1"]);
    await expect.poll(namedInFlight).toBe(0);
  });
});
