import { createSocket } from "node:dgram";
import { decode, encode } from "dns-packet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lookUpHosts } from "./look-up-hosts.ts";

const SERVER_FAILED = 2;
const NO_SUCH_NAME = 3;

/** A name server on 127.0.0.1 that knows a few names and keeps what it was asked. */
interface NameServer {
  readonly port: number;
  readonly asked: readonly string[];
  readonly stop: () => Promise<void>;
}

/** Answers by each name's addresses; to `fails` that it failed, and to `silent` nothing. */
async function startNameServer(names: Readonly<Record<string, readonly string[] | "fails" | "silent">>): Promise<NameServer> {
  const socket = createSocket("udp4");
  const asked: string[] = [];
  socket.on("message", (message, from) => {
    const { id = 0, questions = [] } = decode(message);
    const { name = "", type = "A" } = questions[0] ?? {};
    asked.push(`${type} ${name}`);
    const known = names[name];
    if (known === "silent") return;
    const addresses = Array.isArray(known) ? known.filter((address: string) => address.includes(":") === (type === "AAAA")) : [];
    const code = known === "fails" ? SERVER_FAILED : known === undefined ? NO_SUCH_NAME : 0;
    const answers = addresses.map((data: string) => ({ type: type as "A" | "AAAA", name, ttl: 5, data }));
    socket.send(encode({ type: "response", id, flags: 0x0180 | code, questions, answers }), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind({ address: "127.0.0.1", port: 0 }, resolve));
  return { port: socket.address().port, asked, stop: () => new Promise((resolve) => socket.close(() => resolve())) };
}

const RESOLV_CONF = "nameserver 127.0.0.1\nsearch shop.svc.cluster.local. svc.cluster.local\noptions ndots:2 timeout:1 attempts:1\n";

let server: NameServer;
beforeAll(async () => {
  server = await startNameServer({
    "api.example.com": ["192.0.2.2", "192.0.2.1", "2001:db8::1"],
    "only6.example.com": ["2001:db8::6"],
    "empty.example.com": [],
    "cart.shop.svc.cluster.local": ["10.0.0.1"],
    "cart.svc.cluster.local": ["10.0.0.9"],
    "db.other.svc.cluster.local": ["10.0.0.2"],
    "down.shop.svc.cluster.local": "fails",
    "down.svc.cluster.local": ["10.0.0.3"],
    "mute.example.com": "silent",
  });
});
afterAll(async () => {
  await server.stop();
});

async function lookUp(host: string, more: { hosts?: string } = {}): Promise<readonly string[] | string> {
  const { addresses, errors } = await lookUpHosts([host], { resolvConf: RESOLV_CONF, port: server.port, ...more });
  return addresses.get(host) ?? errors.map(({ code, message }) => `${code}: ${message}`).join();
}

describe("lookUpHosts", () => {
  it.each<[string, string, string[]]>([
    ["the addresses of both families", "api.example.com", ["192.0.2.2", "192.0.2.1", "2001:db8::1"]],
    ["those of one family, where the host has no other", "only6.example.com", ["2001:db8::6"]],
    ["those of the first domain of the search list", "cart", ["10.0.0.1"]],
    ["those of a later domain", "db.other", ["10.0.0.2"]],
    ["those of a name that ends with a dot, as it stands", "cart.svc.cluster.local.", ["10.0.0.9"]],
  ])("finds %s", async (_what, host, expected) => {
    expect(await lookUp(host)).toEqual(expected);
  });

  it.each<[string, string, string]>([
    [
      "that is in no domain",
      "nowhere",
      "unknown-host: the host nowhere has no address, tried as nowhere.shop.svc.cluster.local, nowhere.svc.cluster.local, nowhere: check the name, or name a cidr",
    ],
    [
      "without an address",
      "empty.example.com.",
      "unknown-host: the host empty.example.com. has no address: check the name, or name a cidr",
    ],
    [
      "that name servers fail to tell, instead of another of that name in a later domain",
      "down",
      "name-servers-failed: the name servers can not tell the addresses of down (ESERVFAIL): check resolv.conf, and that they run",
    ],
    [
      "about which name servers are silent",
      "mute.example.com",
      "name-servers-failed: the name servers can not tell the addresses of mute.example.com (ETIMEOUT): check resolv.conf, and that they run",
    ],
  ])("tells of a host %s", async (_what, host, expected) => {
    expect(await lookUp(host)).toBe(expected);
  });

  it("asks no name server for what the hosts file has", async () => {
    const before = server.asked.length;
    const hosts = "127.0.0.1 localhost\n192.0.2.7\tApi.example.com cart # ours\n2001:db8::7 cart\nnonsense cart\n";
    expect(await lookUp("api.example.com", { hosts })).toEqual(["192.0.2.7"]);
    expect(await lookUp("cart", { hosts })).toEqual(["192.0.2.7", "2001:db8::7"]);
    expect(server.asked).toHaveLength(before);
  });

  it("tells what it found beside what it did not", async () => {
    const { addresses, errors } = await lookUpHosts(["api.example.com", "nowhere", "cart"], { resolvConf: RESOLV_CONF, port: server.port });
    expect([...addresses.keys()]).toEqual(["api.example.com", "cart"]);
    expect(errors.map(({ host }) => host)).toEqual(["nowhere"]);
  });

  it("asks nobody for nothing", async () => {
    expect(await lookUpHosts([])).toEqual({ addresses: new Map(), errors: [] });
  });
});
