import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EnvoyStartError } from "./errors.ts";
import { findEnvoy } from "./find.ts";
import { freePorts } from "./ports.ts";
import { startEnvoy } from "./start.ts";

let binary: string;
let folder: string;

beforeAll(async () => {
  binary = (await findEnvoy()).path;
  folder = await mkdtemp(join(tmpdir(), "puggle-start-"));
}, 300_000);
afterAll(async () => await rm(folder, { recursive: true, force: true }));

const socket = (port: number) => ({ socket_address: { address: "127.0.0.1", port_value: port } });

function answering(words: string, port: number, admin = 0): string {
  const route = { match: { prefix: "/" }, direct_response: { status: 200, body: { inline_string: words } } };
  const manager = {
    "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
    stat_prefix: "test",
    route_config: { virtual_hosts: [{ name: "all", domains: ["*"], routes: [route] }] },
    http_filters: [
      {
        name: "envoy.filters.http.router",
        typed_config: { "@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router" },
      },
    ],
  };
  const filters = [{ name: "envoy.filters.network.http_connection_manager", typed_config: manager }];
  const listener = { name: "test", address: socket(port), enable_reuse_port: false, filter_chains: [{ filters }] };
  return JSON.stringify({ admin: { address: socket(admin) }, static_resources: { listeners: [listener] } });
}

describe("startEnvoy", () => {
  it("answers as soon as it is started, and not after stop", async () => {
    const [port = 0] = await freePorts(1);
    const envoy = await startEnvoy({ binary, name: "one", folder, config: { text: answering("hello", port) } });
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("hello");
    expect(await (await fetch(`${envoy.adminUrl}/server_info`)).json()).toMatchObject({
      state: "LIVE",
      command_line_options: { concurrency: 1 },
    });
    await envoy.stop();
    await envoy.stop();
    expect(await envoy.ended).toBe(0);
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
  });

  it("runs any number side by side, from a file too", async () => {
    const ports = await freePorts(3);
    const path = join(folder, "given.yaml");
    await writeFile(path, answering("0", ports[0] ?? 0));
    const configs = [{ path }, ...ports.slice(1).map((port, index) => ({ text: answering(String(index + 1), port) }))];
    const envoys = await Promise.all(
      configs.map(async (config, index) => await startEnvoy({ binary, name: `side-${index}`, folder, config })),
    );
    const answers = await Promise.all(ports.map(async (port) => await (await fetch(`http://127.0.0.1:${port}/`)).text()));
    expect(answers).toEqual(["0", "1", "2"]);
    await Promise.all(envoys.map(async (envoy) => await envoy.stop()));
  });

  it.each([
    ["an unknown field", "admin: {adress: 1}", /refuses its configuration: .*no such field: 'adress'/],
    ["no YAML", "admin: [", /refuses its configuration: yaml-cpp: error at line \d+/],
    [
      "a route to an unknown cluster",
      answering("x", 0).replace(/"direct_response":\{.*?\}\}/, '"route":{"cluster":"nope"}'),
      /unknown cluster 'nope'/,
    ],
  ])("says in Envoy's words what is wrong with a configuration that has %s", async (_, text, words) => {
    const failure = startEnvoy({ binary, name: "bad", folder, config: { text } });
    await expect(failure).rejects.toThrow(EnvoyStartError);
    await expect(failure).rejects.toMatchObject({ code: "ENVOY_CONFIG_REJECTED", message: expect.stringMatching(words) });
    await expect(failure).rejects.toMatchObject({ logPath: join(folder, "bad.log") });
    expect(await readFile(join(folder, "bad.log"), "utf8")).toContain("initializing config");
  });

  it.each(["admin", "listener"] as const)("names the port when the one for its %s is taken", async (which) => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const taken = (server.address() as { port: number }).port;
    const text = which === "admin" ? answering("x", 0, taken) : answering("x", taken);
    const failure = startEnvoy({ binary, name: "taken", folder, config: { text } });
    await expect(failure).rejects.toMatchObject({ code: "ENVOY_PORT_TAKEN", message: expect.stringContaining(`127.0.0.1:${taken}`) });
    server.close();
  });

  it("shows the end of the log of a program that ends in another way", async () => {
    const failure = startEnvoy({ binary: "/bin/false", name: "no-envoy", folder, config: { text: "" } });
    await expect(failure).rejects.toMatchObject({ code: "ENVOY_EXITED", message: expect.stringContaining("exit code 1") });
  });

  it("gives up on one that never listens, and ends it", async () => {
    const failure = startEnvoy({ binary, name: "silent", folder, config: { text: "static_resources: {}" }, readyWithinMs: 400 });
    await expect(failure).rejects.toMatchObject({ code: "ENVOY_NOT_READY" });
  });

  it("stops while it starts when it is told to", async () => {
    const reason = new Error("enough");
    const failure = startEnvoy({ binary, name: "told", folder, config: { text: answering("x", 0) }, signal: AbortSignal.abort(reason) });
    await expect(failure).rejects.toBe(reason);
  });
});
