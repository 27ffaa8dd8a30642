import { currentVirtualCluster, register } from "@puggle/propagation";
import { virtualCluster } from "@puggle/propagation/fastify";
import fastify5, { type FastifyInstance } from "fastify";
import fastify4 from "fastify4";
import { beforeAll, describe, expect, test } from "vitest";
import { namedInFlight } from "./matrix/ways-in/expectations.ts";
import { HEADER } from "./requests.ts";

type Seen = Record<string, string | undefined>;

const NAMED = { [HEADER]: "vc-1" };
const versions: [string, () => FastifyInstance][] = [
  ["4", () => fastify4() as unknown as FastifyInstance],
  ["5", () => fastify5()],
];

beforeAll(() => {
  register({ inbound: false });
});

describe.each(versions)("the plugin of Fastify %s", (_version, create) => {
  function look(seen: Seen, place: string): void {
    seen[place] = currentVirtualCluster();
  }

  test("holds in all hooks of a request, the parser of its body, and its handlers", async () => {
    const app = create();
    const seen: Seen = {};
    await app.register(virtualCluster());
    app.addHook("onRequest", async () => look(seen, "onRequest"));
    app.addHook("preParsing", async () => look(seen, "preParsing"));
    app.addHook("preValidation", (_request, _reply, done) => {
      look(seen, "preValidation");
      done();
    });
    app.addHook("preHandler", async () => look(seen, "preHandler"));
    app.addHook("preSerialization", async (_request, _reply, payload) => {
      look(seen, "preSerialization");
      return payload;
    });
    app.addHook("onSend", async () => look(seen, "onSend"));
    app.addHook("onResponse", async () => look(seen, "onResponse"));
    app.addContentTypeParser("text/x-test", { parseAs: "string" }, (_request, body, done) => {
      look(seen, "parser");
      done(null, body);
    });
    app.post("/", async () => {
      look(seen, "handler");
      return {};
    });
    await app.inject({ method: "POST", url: "/", headers: { ...NAMED, "content-type": "text/x-test" }, payload: "body" });
    await app.close();
    const places = [
      "onRequest",
      "preParsing",
      "parser",
      "preValidation",
      "preHandler",
      "handler",
      "preSerialization",
      "onSend",
      "onResponse",
    ];
    expect(seen).toEqual(Object.fromEntries(places.map((place) => [place, "vc-1"])));
  });

  test("holds in parts that are registered before and after it, and where there is no route", async () => {
    const app = create();
    const seen: Seen = {};
    app.register(async (part) => {
      part.get("/before", async () => look(seen, "before"));
    });
    await app.register(virtualCluster());
    app.register(async (part) => {
      part.get("/after", async () => look(seen, "after"));
    });
    app.setNotFoundHandler(async () => look(seen, "not found"));
    for (const url of ["/before", "/after", "/nowhere"]) await app.inject({ url, headers: NAMED });
    await app.close();
    expect(seen).toEqual({ before: "vc-1", after: "vc-1", "not found": "vc-1" });
  });

  test("holds in the error handler and the onError hook, where the handler, a hook or the body's schema fails", async () => {
    const app = create();
    const seen: Seen = {};
    await app.register(virtualCluster());
    app.addHook("onError", async (request) => look(seen, `onError of ${request.url}`));
    app.setErrorHandler((_error, request, reply) => {
      look(seen, request.url);
      reply.status(500).send();
    });
    const failing = () => Promise.reject(new Error("meant to fail"));
    app.post("/handler", failing);
    app.post("/hook", { preHandler: failing }, async () => {});
    app.post("/schema", { schema: { body: { type: "object", required: ["a"] } } }, async () => {});
    for (const url of ["/handler", "/hook", "/schema"]) await app.inject({ method: "POST", url, headers: NAMED, payload: { b: 1 } });
    await app.close();
    const places = ["/handler", "/hook", "/schema"].flatMap((url) => [url, `onError of ${url}`]);
    expect(seen).toEqual(Object.fromEntries(places.map((place) => [place, "vc-1"])));
  });

  test("tells requests apart, and leaves none in flight", async () => {
    const app = create();
    await app.register(virtualCluster());
    app.get("/", async () => ({ name: currentVirtualCluster() ?? "none" }));
    const names = ["vc-1", undefined, "vc-2", undefined];
    const answers = await Promise.all(names.map((name) => app.inject({ url: "/", headers: name === undefined ? {} : { [HEADER]: name } })));
    expect(answers.map((answer) => answer.json().name)).toEqual(names.map((name) => name ?? "none"));
    await app.close();
    await expect.poll(namedInFlight).toBe(0);
  });
});
