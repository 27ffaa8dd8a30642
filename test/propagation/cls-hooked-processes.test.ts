import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

const run = promisify(execFile);

/** Runs a script in a process of its own, and gives what it prints as JSON. */
async function node(script: string, env: Record<string, string> = {}, type = "module"): Promise<unknown> {
  const args = [`--input-type=${type}`, "--eval", script];
  const { stdout, stderr } = await run(process.execPath, args, { cwd: import.meta.dirname, env: { PATH: process.env.PATH ?? "", ...env } });
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

/** What a context knows without a scope, in a scope, and after a name was set; by the library and by the namespace. */
const PROBE = `
  const names = () => [currentVirtualCluster() ?? null, namespace.get("vc") ?? null];
  namespace.run(() => {
    const seen = [names()];
    runInVirtualCluster("vc-1", () => namespace.run(() => {
      seen.push(names());
      namespace.set("vc", "set");
      seen.push(names());
    }));
    console.log(JSON.stringify(seen));
  });
`;
const BOTH_KNOW = [
  [null, null],
  ["vc-1", "vc-1"],
  ["set", "set"],
];

const IMPORTS = `
  import { currentVirtualCluster, register, runInVirtualCluster } from "@puggle/propagation";
  import { bridgeNamespace } from "@puggle/propagation/cls-hooked";
  import cls from "cls-hooked";
`;

describe("both sides know the name", () => {
  test.each([
    [
      "the namespace is made, bridged, and then the library is registered",
      `const namespace = bridgeNamespace(cls.createNamespace("n"), { key: "vc" }); register();`,
    ],
    ["the library is registered before", `register(); const namespace = bridgeNamespace(cls.createNamespace("n"), { key: "vc" });`],
    ["the library is not registered", `const namespace = bridgeNamespace(cls.createNamespace("n"), { key: "vc" });`],
    [
      "another file made the namespace",
      `cls.createNamespace("n"); const namespace = cls.getNamespace("n"); bridgeNamespace(namespace, { key: "vc" }); register();`,
    ],
  ])("where %s", async (_, setUp) => {
    expect(await node(IMPORTS + setUp + PROBE)).toEqual(BOTH_KNOW);
  });

  test("in CommonJS", async () => {
    const setUp = `
      const { currentVirtualCluster, register, runInVirtualCluster } = require("@puggle/propagation");
      const namespace = require("@puggle/propagation/cls-hooked").bridgeNamespace(require("cls-hooked").createNamespace("n"), { key: "vc" });
    `;
    expect(await node(setUp + PROBE, {}, "commonjs")).toEqual(BOTH_KNOW);
  });

  test("where one copy of the library bridges, twice, and another one reads", async () => {
    const setUp = `
      import { createRequire } from "node:module";
      const copy = createRequire(import.meta.url)("@puggle/propagation/cls-hooked");
      const namespace = bridgeNamespace(copy.bridgeNamespace(cls.createNamespace("n"), { key: "vc" }), { key: "vc" });
      console.assert(copy.bridgeNamespace !== bridgeNamespace);
    `;
    expect(await node(IMPORTS + setUp + PROBE)).toEqual(BOTH_KNOW);
  });
});

test("a process's own virtual cluster counts where neither side has a word", async () => {
  const script = `
    register();
    const namespace = bridgeNamespace(cls.createNamespace("n"), { key: "vc" });
    const seen = [namespace.get("vc")];
    namespace.run(() => {
      namespace.set("vc", undefined);
      seen.push(namespace.get("vc"), currentVirtualCluster());
      namespace.set("vc", "set");
      seen.push(namespace.get("vc"), currentVirtualCluster());
    });
    runInVirtualCluster(undefined, () => namespace.run(() => seen.push(namespace.get("vc") ?? null)));
    console.log(JSON.stringify(seen));
  `;
  expect(await node(IMPORTS + script, { VIRTUAL_CLUSTER_NAME: "own" })).toEqual(["own", "own", "own", "set", "set", null]);
});

test("PUGGLE_PROPAGATION=off leaves the namespace as it is", async () => {
  const script = `
    const made = cls.createNamespace("n");
    const { get, set, bind, createContext } = made;
    const namespace = bridgeNamespace(made, { key: "vc" });
    console.log(JSON.stringify([namespace === made, get === made.get, set === made.set, bind === made.bind, createContext === made.createContext]));
  `;
  expect(await node(IMPORTS + script, { PUGGLE_PROPAGATION: "off" })).toEqual([true, true, true, true, true]);
});

test("between OpenTelemetry's word and the namespace's, the later counts", async () => {
  const script = `
    import { context, defaultTextMapGetter, ROOT_CONTEXT } from "@opentelemetry/api";
    import { NodeSDK } from "@opentelemetry/sdk-node";
    import { VirtualClusterPropagator } from "@puggle/propagation/opentelemetry";
    for (const signal of ["TRACES", "METRICS", "LOGS"]) process.env["OTEL_" + signal + "_EXPORTER"] = "none";
    const propagator = new VirtualClusterPropagator();
    new NodeSDK({ textMapPropagator: propagator, instrumentations: [] }).start();
    const namespace = bridgeNamespace(cls.createNamespace("n"), { key: "vc" });
    const extracted = (name) => propagator.extract(ROOT_CONTEXT, { "virtual-cluster-name": name }, defaultTextMapGetter);
    const seen = [];
    const note = () => seen.push([currentVirtualCluster(), namespace.get("vc")].join());
    runInVirtualCluster("scope", () => namespace.run(() => {
      namespace.set("vc", "set-1");
      note();
      context.with(extracted("token"), () => {
        note();
        namespace.run(() => {
          namespace.set("vc", "set-2");
          note();
          runInVirtualCluster("inner", note);
        });
        note();
      });
      note();
    }));
    console.log(JSON.stringify(seen));
  `;
  const expected = ["set-1", "token", "set-2", "inner", "token", "set-1"];
  expect(await node(IMPORTS + script)).toEqual(expected.map((name) => `${name},${name}`));
});
