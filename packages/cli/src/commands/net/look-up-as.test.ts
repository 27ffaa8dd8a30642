import { HostError, type LookUp } from "@puggle/tc-agent";
import { beforeEach, expect, it, vi } from "vitest";
import { lookUpAs } from "./look-up-as.ts";

const { files, lookUpHosts, lookUpInside } = vi.hoisted(() => ({
  files: new Map<string, string>(),
  lookUpHosts: vi.fn(),
  lookUpInside: vi.fn(),
}));

vi.mock("node:fs", async (original) => {
  const real = await original<typeof import("node:fs")>();
  const readFileSync = (path: string, ...more: never[]) => files.get(path) ?? real.readFileSync(path, ...more);
  return { ...real, readFileSync };
});
vi.mock("@puggle/tc-agent", async (original) => ({
  ...(await original<typeof import("@puggle/tc-agent")>()),
  lookUpHosts,
  lookUpInside,
  namespaceOfProcess: (pid: number) => ({ path: `/proc/${pid}/ns/net`, id: "4-7" }),
}));

const PID = 4_711;
const known = (host: string, address: string): LookUp => ({ addresses: new Map([[host, [address]]]), errors: [] });

beforeEach(() => {
  vi.resetAllMocks();
  files.set("/etc/resolv.conf", "nameserver 192.0.2.53\n").set("/etc/hosts", "");
  files.set(`/proc/${PID}/root/etc/hosts`, "10.0.0.7 seven\n");
  lookUpHosts.mockResolvedValue(known("a", "10.0.0.1"));
});

it("looks hosts up by the process's files", async () => {
  files.set(`/proc/${PID}/root/etc/resolv.conf`, "nameserver 10.96.0.10\n");
  expect((await lookUpAs(() => PID)(["a"])).addresses.get("a")).toEqual(["10.0.0.1"]);
  expect(lookUpHosts).toHaveBeenCalledWith(["a"], { resolvConf: "nameserver 10.96.0.10\n", hosts: "10.0.0.7 seven\n" });
  expect(lookUpInside).not.toHaveBeenCalled();
});

it("looks them up as this machine does where there is no process", async () => {
  await lookUpAs(() => undefined)(["a"]);
  expect(lookUpHosts).toHaveBeenCalledWith(["a"], { resolvConf: "nameserver 192.0.2.53\n", hosts: "" });
});

it("asks a name server at a loopback address from within, and this machine's for what it does not answer", async () => {
  files.set(`/proc/${PID}/root/etc/resolv.conf`, "search shop\nnameserver 127.0.0.11\n");
  const unknown = new HostError("unknown-host", "c", "no c");
  const failed = new HostError("name-servers-failed", "a", "no answer");
  lookUpInside.mockResolvedValue({ addresses: new Map([["b", ["10.0.0.2"]]]), errors: [failed, unknown] });
  const { addresses, errors } = await lookUpAs(() => PID)(["a", "b", "c"]);
  expect([...addresses]).toEqual([
    ["b", ["10.0.0.2"]],
    ["a", ["10.0.0.1"]],
  ]);
  expect(errors).toEqual([unknown]);
  lookUpInside.mockRejectedValue(new Error("it took too long"));
  expect([...(await lookUpAs(() => PID)(["a"])).addresses.keys()]).toEqual(["a"]);
  expect(lookUpHosts).toHaveBeenCalledWith(["a"], { resolvConf: "nameserver 192.0.2.53\n", hosts: "10.0.0.7 seven\n" });
});
