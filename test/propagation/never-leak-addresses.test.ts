import http from "node:http";
import { connect, type Socket } from "node:net";
import { defaultTargets, register } from "@puggle/propagation";
import * as undici8 from "undici";
import * as undici6 from "undici6";
import * as undici7 from "undici7";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Loopback, listen } from "./loopback.ts";
import { type Echo, echo, sendByNode, sendCounted } from "./outbound-clients.ts";

type Undici = typeof undici8;

let server: Loopback;

beforeAll(async () => {
  server = await listen(echo);
});

afterAll(() => server.close());

beforeEach(() => {
  register({ targets: defaultTargets, inbound: false });
});

/** Every connection ends here, whatever host it is for: what is judged is what the request says. */
const toServer = (): Socket => connect(server.port, "127.0.0.1");

const agent = new http.Agent();
Object.assign(agent, { createConnection: toServer });

function byUndici(undici: Undici): (url: string) => Promise<Echo> {
  return async (url) => {
    const dispatcher = new undici.Agent({
      connect: (_options, callback) => {
        const socket = toServer();
        socket.once("connect", () => callback(null, socket));
      },
    });
    const { body } = await undici.request(url, { dispatcher });
    const seen = (await body.json()) as Echo;
    await dispatcher.close();
    return seen;
  };
}

const ways: Record<string, (url: string) => Promise<Echo>> = {
  "node:http by its URL": (url) => sendByNode(url, { agent }),
  "undici 6": byUndici(undici6 as unknown as Undici),
  "undici 7": byUndici(undici7 as unknown as Undici),
  "undici 8": byUndici(undici8),
};

/** What stands in a URL, and whether it leads inside. */
const authorities: [string, boolean][] = [
  ["orders", true],
  ["ORDERS.shop.SVC", true],
  ["orders.shop.svc.cluster.local.", true],
  ["orders.shop.svc:8080", true],
  ["user:secret@orders.shop.svc", true],
  ["example.com@orders.shop.svc", true],
  ["orders.shop.svc@example.com", false],
  ["orders.shop.svc:8080@example.com", false],
  ["orders.shop.svc.example.com", false],
  ["example.com", false],
  ["EXAMPLE.com.", false],
  ["bücher.svc", true],
  ["bücher.example", false],
  ["xn--bcher-kva.svc", true],
  ["orders。example", false],
  ["ord%65rs.svc", true],
  ["orders%2Eexample", false],
  ["10.1.2.3", true],
  ["10.1.2.3:8080", true],
  ["10.1", true],
  ["0xa.1.2.3", true],
  ["012.1.2.3", true],
  ["0x0a010203", true],
  ["167837955", true],
  ["8.8.8.8", false],
  ["8.8.2056", false],
  ["010.8.8.8", false],
  ["0x08080808", false],
  ["134744072", false],
  ["８.８.８.８", false],
  ["169.254.169.254", false],
  ["0xa9fea9fe", false],
  ["172.32.0.1", false],
  ["[::1]", true],
  ["[0:0:0:0:0:0:0:1]:8080", true],
  ["[fd00::1]", true],
  ["[fd00:0000::0001]", true],
  ["[FDAB::1]", true],
  ["[::ffff:10.0.0.1]", true],
  ["[::ffff:a00:1]", true],
  ["[::ffff:8.8.8.8]", false],
  ["[::ffff:808:808]", false],
  ["[0:0:0:0:0:ffff:8.8.8.8]", false],
  ["[::10.0.0.1]", false],
  ["[64:ff9b::8.8.8.8]", false],
  ["[fe80::1]", false],
  ["[2001:db8::1]", false],
];

describe.each(Object.entries(ways))("%s", (_, send) => {
  test.each(authorities)("http://%s/: %s", async (authority, isInside) => {
    const { seen, counted } = await sendCounted(() => send(`http://${authority}/`));
    expect(seen.names).toEqual(isInside ? ["vc-1"] : []);
    expect(counted).toEqual(isInside ? { sent: 1 } : { "not-a-target": 1 });
  });
});

describe("a host that is given to node:http as it is", () => {
  test.each([
    ["orders", true],
    ["orders.svc.", true],
    ["fd00::1", true],
    ["fd00::1%eth0", true],
    ["::1%lo", true],
    ["fe80::1%eth0", false],
    ["fe80::1%fd00::1", false],
    ["::ffff:10.0.0.1", true],
    ["::ffff:8.8.8.8", false],
    ["2001:db8::1%orders", false],
    ["0x08080808", false],
    ["134744072", false],
    ["8.8.2056", false],
    ["0x0a000001", true],
    ["orders.svc@example.com", false],
    ["orders.svc/@example.com", false],
    ["example.com/.svc", false],
    ["example.com#.svc", false],
    ["example.com?.svc", false],
    ["example.com\\.svc", false],
    ["example.com .svc", false],
    ["[::1].example.com", false],
    ["", true],
  ])("%j: %s", async (host, isInside) => {
    // A `Host` header of its own: some of these would not do for one.
    const { seen, counted } = await sendCounted(() => sendByNode({ host, port: server.port, agent, headers: { host: "orders.svc" } }));
    expect(seen.names).toEqual(isInside ? ["vc-1"] : []);
    expect(counted).toEqual(isInside ? { sent: 1 } : { "not-a-target": 1 });
  });
});

describe("a Host header", () => {
  test.each([
    ["orders.svc", true],
    ["orders.svc:8080", true],
    ["[fd00::1]:80", true],
    ["example.com", false],
    ["orders.svc@example.com", false],
    ["orders.svc, example.com", false],
    ["8.8.8.8", false],
  ])("that says %j, on a request to a target: %s", async (host, isInside) => {
    for (const headers of [{ host }, ["host", host] as never]) {
      const { seen } = await sendCounted(() => sendByNode({ host: "orders", agent, headers }));
      expect(seen.names).toEqual(isInside ? ["vc-1"] : []);
    }
  });

  test.each(["orders.svc", "10.0.0.1"])("that says %j makes no target of a host that is none", async (host) => {
    for (const headers of [{ host }, ["host", host] as never]) {
      const { seen, counted } = await sendCounted(() => sendByNode({ host: "example.com", agent, headers }));
      expect(seen.names).toEqual([]);
      expect(counted).toEqual({ "not-a-target": 1 });
    }
  });

  test.each([
    ["undici 6", undici6 as unknown as Undici],
    ["undici 7", undici7 as unknown as Undici],
    ["undici 8", undici8],
  ])("is judged for %s too", async (_, undici) => {
    const send = (url: string, host: string) =>
      sendCounted(async () => {
        const client = new undici.Client(url, { connect: { lookup: toLoopback } as never });
        const { body } = await client.request({ path: "/", method: "GET", headers: { host } });
        const seen = (await body.json()) as Echo;
        await client.close();
        return seen;
      });
    expect((await send(server.origin, "orders.svc")).seen.names).toEqual(["vc-1"]);
    expect((await send(server.origin, "example.com")).seen.names).toEqual([]);
    expect((await send(`http://pub.example.test:${server.port}`, "orders.svc")).seen.names).toEqual([]);
  });
});

describe("a request without a Host header (setHost: false)", () => {
  test.each([
    ["orders.svc", true],
    ["example.com", false],
  ])("to %s: %s", async (host, isInside) => {
    // HTTP/1.0 servers answer it; Node's does where it is told to.
    const lenient = await new Promise<http.Server>((resolve) => {
      const made = http.createServer({ requireHostHeader: false }, echo).listen(0, "127.0.0.1", () => resolve(made));
    });
    const { port } = lenient.address() as { port: number };
    const own = new http.Agent();
    Object.assign(own, { createConnection: () => connect(port, "127.0.0.1") });
    const { seen } = await sendCounted(() => sendByNode({ host, agent: own, setHost: false, headers: { "x-other": "1" } }));
    lenient.close();
    expect(seen.names).toEqual(isInside ? ["vc-1"] : []);
  });
});

/** Resolves every name to this machine, as a service's own resolver may. */
function toLoopback(
  _name: string,
  options: { readonly all?: boolean },
  callback: (error: null, found: never, family?: number) => void,
): void {
  if (options.all === true) callback(null, [{ address: "127.0.0.1", family: 4 }] as never);
  else callback(null, "127.0.0.1" as never, 4);
}

describe("where a name leads is not asked", () => {
  test.each([
    ["orders.svc", true],
    ["pub.example.test", false],
  ])("%s, that a lookup of the caller's leads to loopback: %s", async (host, isInside) => {
    const { seen } = await sendCounted(() => sendByNode({ host, port: server.port, lookup: toLoopback as never }));
    expect(seen.names).toEqual(isInside ? ["vc-1"] : []);
  });
});

describe("an agent's own host, which node:http connects to", () => {
  test.each([
    ["127.0.0.1", "orders.svc", true],
    ["localhost", "example.com", false],
    ["pub.example.test", "orders.svc", false],
  ])("%s, for a request to %s: %s", async (ofAgent, host, isInside) => {
    const own = new http.Agent({ host: ofAgent, port: server.port, lookup: toLoopback } as http.AgentOptions);
    const { seen } = await sendCounted(() => sendByNode({ host, agent: own, headers: { connection: "close" } }));
    own.destroy();
    expect(seen.names).toEqual(isInside ? ["vc-1"] : []);
  });
});
