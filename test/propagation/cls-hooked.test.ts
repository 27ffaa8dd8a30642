import { EventEmitter } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { currentVirtualCluster, PropagationError, register, runInVirtualCluster, stats, unregister } from "@puggle/propagation";
import { bridgeNamespace } from "@puggle/propagation/cls-hooked";
import { createNamespace, destroyNamespace, getNamespace, type Namespace } from "cls-hooked";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Loopback, listen, valuesOnTheWire } from "./loopback.ts";
import { HEADER } from "./requests.ts";

const KEY = "virtualClusterName";

let namespaces = 0;
let namespace: Namespace;

beforeEach(() => {
  namespaces += 1;
  namespace = bridgeNamespace(createNamespace(`request-${namespaces}`), { key: KEY });
});

/** The name as both sides know it, which is to be the same. */
function nameOnBothSides(): string | undefined {
  const name = currentVirtualCluster();
  expect(namespace.get(KEY)).toBe(name);
  return name;
}

describe("the namespace gives the library's name", () => {
  test("in a context that was made in its scope, and outside of all contexts", () => {
    runInVirtualCluster("vc-1", () => {
      expect(nameOnBothSides()).toBe("vc-1");
      namespace.run(() => expect(nameOnBothSides()).toBe("vc-1"));
    });
    expect(nameOnBothSides()).toBeUndefined();
  });

  test("over what was set before its scope was entered", () => {
    namespace.run(() => {
      namespace.set(KEY, "older");
      runInVirtualCluster("vc-1", () => expect(nameOnBothSides()).toBe("vc-1"));
      runInVirtualCluster(undefined, () => expect(nameOnBothSides()).toBeUndefined());
      expect(nameOnBothSides()).toBe("older");
    });
  });

  test("and every other key as it was", () => {
    runInVirtualCluster("vc-1", () =>
      namespace.run(() => {
        expect(namespace.set("user", "ada")).toBe("ada");
        expect(namespace.get("user")).toBe("ada");
        expect(namespace.get("nothing")).toBeUndefined();
      }),
    );
  });
});

describe("a name that is set in the namespace counts", () => {
  test("until another scope is entered, and in the context that it was set in", () => {
    runInVirtualCluster("vc-1", () => {
      namespace.run(() => {
        expect(namespace.set(KEY, "set")).toBe("set");
        expect(nameOnBothSides()).toBe("set");
        namespace.run(() => {
          expect(nameOnBothSides()).toBe("set");
          namespace.set(KEY, "inner");
          expect(nameOnBothSides()).toBe("inner");
        });
        expect(nameOnBothSides()).toBe("set");
        runInVirtualCluster("vc-2", () => expect(nameOnBothSides()).toBe("vc-2"));
      });
      expect(nameOnBothSides()).toBe("vc-1");
    });
  });

  test("where the library has no scope", () => {
    namespace.run(() => {
      namespace.set(KEY, "set");
      expect(nameOnBothSides()).toBe("set");
    });
  });

  test("through timers, promises, runAndReturn and runPromise", async () => {
    const inTimer = namespace.runAndReturn(() => {
      namespace.set(KEY, "set");
      return delay(1).then(() => nameOnBothSides());
    });
    expect(await inTimer).toBe("set");
    const inPromise = runInVirtualCluster("vc-1", () =>
      namespace.runPromise(async () => {
        expect(nameOnBothSides()).toBe("vc-1");
        namespace.set(KEY, "set");
        await delay(1);
        return nameOnBothSides();
      }),
    );
    expect(await inPromise).toBe("set");
  });

  test.each([
    ["nothing", undefined],
    ["null", null],
    ["the empty string", ""],
  ])("but %s says nothing", (_, value) => {
    const before = stats().dropped.header;
    runInVirtualCluster("vc-1", () =>
      namespace.run(() => {
        namespace.set(KEY, "set");
        namespace.set(KEY, value);
        expect(nameOnBothSides()).toBe("vc-1");
      }),
    );
    namespace.run(() => {
      namespace.set(KEY, value);
      expect(currentVirtualCluster()).toBeUndefined();
    });
    expect(stats().dropped.header).toEqual(before);
  });

  test.each([
    ["Upper", "not-a-dns-label"],
    ["default", "reserved"],
    ["x".repeat(64), "too-long"],
    [42, "not-a-dns-label"],
    [["vc-1"], "not-a-dns-label"],
  ] as const)("but %j names none, and is counted, and given back to who set it", (value, fault) => {
    const before = stats().dropped.header[fault];
    runInVirtualCluster("vc-1", () =>
      namespace.run(() => {
        expect(namespace.set(KEY, value)).toBe(value);
        expect(currentVirtualCluster()).toBeUndefined();
        expect(namespace.get(KEY)).toBe(value);
      }),
    );
    expect(stats().dropped.header[fault]).toBe(before + 1);
  });

  test("and outside of all contexts it is refused by the namespace itself", () => {
    expect(() => namespace.set(KEY, "set")).toThrow("No context available");
  });
});

/** A pool of one worker, whose queue is emptied by whoever is done: it runs callbacks in a stranger's context. */
class Pool {
  readonly #waiting: (() => void)[] = [];
  #isBusy = false;

  acquire(callback: () => void): void {
    if (this.#isBusy) this.#waiting.push(callback);
    else {
      this.#isBusy = true;
      callback();
    }
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#isBusy = false;
    else next();
  }
}

describe("where a context is lost", () => {
  test("a pool that is patched for the namespace keeps the library's scope too, with the name that was set in it", async () => {
    const pool = new Pool();
    const acquire = () => new Promise<string | undefined>((resolve) => pool.acquire(namespace.bind(() => resolve(nameOnBothSides()))));
    const work = Array.from({ length: 20 }, (_, index) => {
      const [name, set] = [`vc-${index}`, index % 2 === 0 ? `set-${index}` : undefined];
      return runInVirtualCluster(name, () =>
        namespace.runPromise(async () => {
          namespace.set(KEY, set);
          const found = await acquire();
          await delay(1);
          pool.release();
          return [found, set ?? name];
        }),
      );
    });
    for (const [found, expected] of await Promise.all(work)) expect(found).toBe(expected);
  });

  test("a callback that is bound to a context of another request runs in that request's scope, in names that are the same too", () => {
    const bound: (() => void)[] = [];
    for (const set of ["set-1", "set-2"]) {
      runInVirtualCluster("same", () =>
        namespace.run((context) => {
          namespace.set(KEY, set);
          bound.push(namespace.bind(() => expect(nameOnBothSides()).toBe(set), context));
        }),
      );
    }
    for (const each of bound) {
      each();
      runInVirtualCluster("same", each);
      runInVirtualCluster("other", () => namespace.run(each));
    }
    expect.assertions(12);
  });

  test("the listeners of a bound emitter run in the scope of the context that they were added in", () => {
    const emitter = new EventEmitter();
    namespace.bindEmitter(emitter);
    const seen: unknown[] = [];
    for (const name of ["vc-1", "vc-2"]) {
      runInVirtualCluster(name, () => namespace.run(() => emitter.on("done", () => seen.push(nameOnBothSides()))));
    }
    runInVirtualCluster("stranger", () => emitter.emit("done"));
    emitter.emit("done");
    expect(seen).toEqual(["vc-1", "vc-2", "vc-1", "vc-2"]);
  });

  test("a context alone, entered by hand where no scope is, has the scope that it was made in", () => {
    let context: unknown;
    runInVirtualCluster("vc-1", () =>
      namespace.run((made) => {
        context = made;
      }),
    );
    namespace.enter(context);
    expect(nameOnBothSides()).toBe("vc-1");
    namespace.run(() => expect(nameOnBothSides()).toBe("vc-1"));
    namespace.set(KEY, "set");
    expect(nameOnBothSides()).toBe("set");
    namespace.exit(context);
    expect(nameOnBothSides()).toBeUndefined();
  });

  test("a stranger's context, left behind on a shared socket, does not lend its name to another request", () => {
    let context: unknown;
    runInVirtualCluster("vc-1", () =>
      namespace.run((made) => {
        namespace.set(KEY, "set");
        context = made;
      }),
    );
    for (const name of ["vc-2", undefined]) {
      runInVirtualCluster(name, () => {
        namespace.enter(context);
        expect(nameOnBothSides()).toBe(name);
        namespace.exit(context);
      });
    }
  });

  test("what is bound at the start of the process, in no request, runs in the scope of whoever calls it", () => {
    const handler = namespace.bind(() => nameOnBothSides());
    expect(runInVirtualCluster("vc-1", handler)).toBe("vc-1");
    expect(runInVirtualCluster("vc-2", handler)).toBe("vc-2");
    expect(handler()).toBeUndefined();
  });
});

describe("bridging", () => {
  test("twice is bridging once", () => {
    const { get, set } = namespace;
    expect(bridgeNamespace(namespace, { key: KEY })).toBe(namespace);
    expect(namespace.get).toBe(get);
    expect(namespace.set).toBe(set);
  });

  test.each([
    ["no namespace", () => bridgeNamespace({} as Namespace, { key: KEY })],
    ["nothing", () => bridgeNamespace(null as unknown as Namespace, { key: KEY })],
    ["no key", () => bridgeNamespace(namespace, {} as { key: string })],
    ["an empty key", () => bridgeNamespace(namespace, { key: "" })],
    ["another key than before", () => bridgeNamespace(namespace, { key: "other" })],
  ])("%s is refused", (_, bridge) => {
    expect(bridge).toThrow(PropagationError);
    expect(bridge).toThrow(expect.objectContaining({ code: "PUGGLE_INVALID_OPTION" }));
  });

  test("two namespaces agree, and the one that was set last has the word", () => {
    const other = bridgeNamespace(createNamespace(`other-${namespaces}`), { key: "vc" });
    runInVirtualCluster("vc-1", () =>
      namespace.run(() =>
        other.run(() => {
          namespace.set(KEY, "first");
          expect([nameOnBothSides(), other.get("vc")]).toEqual(["first", "first"]);
          other.set("vc", "second");
          expect([nameOnBothSides(), other.get("vc")]).toEqual(["second", "second"]);
          namespace.set(KEY, "third");
          expect([nameOnBothSides(), other.get("vc")]).toEqual(["third", "third"]);
        }),
      ),
    );
  });

  test("a namespace that is destroyed harms nobody, and the next of its name can be bridged", () => {
    destroyNamespace(`request-${namespaces}`);
    expect(getNamespace(`request-${namespaces}`)).toBeNull();
    runInVirtualCluster("vc-1", () => expect(nameOnBothSides()).toBe("vc-1"));
    namespace = bridgeNamespace(createNamespace(`request-${namespaces}`), { key: KEY });
    runInVirtualCluster("vc-1", () =>
      namespace.run(() => {
        namespace.set(KEY, "set");
        expect(nameOnBothSides()).toBe("set");
      }),
    );
  });

  test("an error comes out of a context as it was thrown", () => {
    const error = new Error("of the service");
    expect(() =>
      namespace.run(() => {
        namespace.bind(() => {
          throw error;
        })();
      }),
    ).toThrow(error);
    expect(nameOnBothSides()).toBeUndefined();
  });
});

type Step =
  | { readonly set: string }
  | { readonly enter: string | undefined; readonly steps: readonly Step[] }
  | { readonly run: readonly Step[] };

const name = fc.constantFrom("a", "b", "c", "d", "e");
const { steps } = fc.letrec<{ steps: readonly Step[]; step: Step }>((tie) => ({
  steps: fc.array(tie("step"), { maxLength: 4 }),
  step: fc.oneof(
    { maxDepth: 4 },
    fc.record({ set: name }),
    fc.record({ enter: fc.option(name, { nil: undefined }), steps: tie("steps") }),
    fc.record({ run: tie("steps") }),
  ),
}));

test("whatever is nested and interleaved, both sides know the later word", async () => {
  /** Does the steps in a context of their own, and gives the name at its end. */
  async function walk(steps: readonly Step[], inherited: string | undefined): Promise<void> {
    let expected = inherited;
    for (const step of steps) {
      await delay(0);
      expect(nameOnBothSides()).toBe(expected);
      if ("set" in step) {
        namespace.set(KEY, step.set);
        expected = step.set;
      } else if ("run" in step) await namespace.runAndReturn(() => walk(step.run, expected));
      else await runInVirtualCluster(step.enter, () => namespace.runAndReturn(() => walk(step.steps, step.enter)));
      expect(nameOnBothSides()).toBe(expected);
    }
  }
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 2, maxLength: 4 }), async (programs) => {
      await Promise.all(programs.map((program) => namespace.runAndReturn(() => walk(program, undefined))));
    }),
    { numRuns: 60 },
  );
});

describe("a service that moves a file at a time", () => {
  let service: Loopback;
  let downstream: Loopback;

  beforeAll(async () => {
    // The test's own requests come from no scope.
    register({ reportLost: false });
    // It answers with the names that came over the wire.
    downstream = await listen((incoming, response) => response.end(JSON.stringify(valuesOnTheWire(incoming, HEADER))));
    service = await listen((incoming, response) => {
      namespace.bindEmitter(incoming);
      namespace.bindEmitter(response);
      namespace.run(() => {
        const header = incoming.headers[HEADER];
        namespace.set(KEY, incoming.url === "/set" ? "set" : incoming.url === "/invalid" ? "No Name" : header);
        incoming.resume().on("end", async () => {
          await delay(Math.random() * 5);
          const named = namespace.get(KEY);
          const headers: Record<string, string> = incoming.url === "/by-hand" && typeof named === "string" ? { [HEADER]: named } : {};
          const [byFetch, byHttp] = await Promise.all([
            fetch(downstream.origin, { headers }).then((answer) => answer.json()),
            get(downstream.origin, headers),
          ]);
          response.end(JSON.stringify([named ?? null, byFetch, byHttp]));
        });
      });
    });
  });

  afterAll(async () => {
    unregister();
    await Promise.all([service.close(), downstream.close()]);
  });

  function get(url: string, headers: Record<string, string>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const outgoing = request(url, { headers, method: "POST" }, async (response: IncomingMessage) => {
        let text = "";
        for await (const chunk of response) text += chunk;
        resolve(JSON.parse(text));
      });
      outgoing.on("error", reject);
      outgoing.end("body");
    });
  }

  const cases: readonly [string, string, Record<string, string>, unknown][] = [
    ["sends the request's name once, where the service sets no header", "/", { [HEADER]: "vc-1" }, ["vc-1", ["vc-1"], ["vc-1"]]],
    ["sends it once where its own code still sets the header by hand", "/by-hand", { [HEADER]: "vc-1" }, ["vc-1", ["vc-1"], ["vc-1"]]],
    ["sends what its own code has set in the namespace", "/set", { [HEADER]: "vc-1" }, ["set", ["set"], ["set"]]],
    ["sends it for a request that has no name too", "/set", {}, ["set", ["set"], ["set"]]],
    ["reads from baggage what only the library knows", "/by-hand", { baggage: `${HEADER}=vc-3` }, ["vc-3", ["vc-3"], ["vc-3"]]],
    ["sends no name that is none", "/invalid", { [HEADER]: "vc-1" }, ["No Name", [], []]],
    ["sends none for a request without one", "/", {}, [null, [], []]],
  ];

  test.each(cases)("%s", async (_, path, headers, expected) => {
    expect(await get(service.origin + path, headers)).toEqual(expected);
  });

  test("knows in the events of a call what was set after the call was made", async () => {
    const seen = await runInVirtualCluster("vc-1", () =>
      namespace.runAndReturn(() => {
        namespace.set(KEY, "set");
        const found = new Promise((resolve) => {
          request(downstream.origin, (response) => response.resume().on("end", () => resolve(nameOnBothSides()))).end();
        });
        namespace.set(KEY, "later");
        return found;
      }),
    );
    expect(seen).toBe("later");
  });

  test("mixes no names, over connections that are kept alive", async () => {
    const { failures } = stats();
    await Promise.all(
      Array.from({ length: 20 }, async (_, worker) => {
        for (let turn = 0; turn < 10; turn++) {
          const [, path, headers, expected] = cases[(worker + turn) % cases.length] ?? cases[0] ?? [];
          const name = headers?.[HEADER] === undefined ? undefined : `vc-${worker}-${turn}`;
          const sent = name === undefined ? headers : { ...headers, [HEADER]: name };
          const wanted = JSON.parse(JSON.stringify(expected).replaceAll('"vc-1"', `"${name}"`));
          expect(await get(service.origin + path, sent ?? {})).toEqual(wanted);
        }
      }),
    );
    expect(stats().failures).toBe(failures);
  });
});
