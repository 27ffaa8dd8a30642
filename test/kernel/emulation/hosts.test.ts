import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Kernel, startKernel } from "../boot/start.ts";
import { fastest } from "../measuring/fastest.ts";
import { ping } from "../measuring/ping.ts";
import { makePodNetwork, type PodNetwork } from "../network/pod-network.ts";
import { startHolder } from "./holder.ts";
import { until } from "./until.ts";

const parts = inject("kernelParts");

const NAME_SERVER = join(import.meta.dirname, "name-server.ts");
const DELAY_MS = 60;

describe.skipIf(parts === undefined)("puggle net for a host", { timeout: 60_000 }, () => {
  let kernel: Kernel;
  let network: PodNetwork;

  beforeAll(async () => {
    if (parts === undefined) return;
    kernel = await startKernel(parts);
    network = await makePodNetwork(kernel, { farAddresses: 2 });
  });

  afterAll(() => kernel?.stop());

  /** In place, as the process has the file itself over its own. */
  const tellHost = (place: 0 | 1) =>
    kernel.writeFile("/run/hosts", [network.farIpv4, network.farIpv6].map((addresses) => `${addresses[place]} db.example\n`).join(""));

  const delayed = async () => {
    const addresses = [0, 1].flatMap((place) => [network.farIpv4[place] ?? "", network.farIpv6[place] ?? ""]);
    const results = await Promise.all(addresses.map((to) => ping(kernel, { to, launcher: network.inPod, count: 3 })));
    return results.map(({ roundTripsMs }) => fastest(roundTripsMs) >= DELAY_MS);
  };

  test("follows it as its address changes, as the process itself would look it up", async () => {
    await tellHost(0);
    const [command = "", ...launcher] = network.inPod;
    const withHosts = ["unshare", "--mount", "sh", "-c", "mount --bind /run/hosts /etc/hosts; exec sleep 1000"];
    const { pid } = await kernel.start(command, [...launcher, ...withHosts]);
    await until(async () => (await kernel.readFile(`/proc/${pid}/root/etc/hosts`)).includes("db.example"));
    const target = ["--pid", `${pid}`, "--lease", "3s", "--look-up", "1s"];
    const holder = await startHolder(
      kernel,
      { target, name: "hosts" },
      { egress: [{ to: [{ host: "db.example" }], delay: `${DELAY_MS}ms` }] },
    );
    expect(await delayed()).toEqual([true, true, false, false]);
    await tellHost(1);
    await until(async () => (await delayed()).join() === "false,false,true,true");
    await holder.end();
    expect(await delayed()).toEqual([false, false, false, false]);
  });

  test("follows it as a name server tells it that is in its network alone, such as Docker's", async () => {
    const tellName = (place: 0 | 1) => kernel.writeFile("/run/names", `db ${network.farIpv4[place]} ${network.farIpv6[place]}\n`);
    await tellName(0);
    const [command = "", ...launcher] = network.inPod;
    const server = await kernel.start(command, [...launcher, process.execPath, NAME_SERVER, "127.0.0.11", "/run/names"]);
    await until(() => server.stdout().includes("listening"));
    await kernel.writeFile("/run/resolv.conf", "nameserver 127.0.0.11\n");
    const withServer = ["unshare", "--mount", "sh", "-c", "mount --bind /run/resolv.conf /etc/resolv.conf; exec sleep 1000"];
    const { pid } = await kernel.start(command, [...launcher, ...withServer]);
    await until(async () => (await kernel.readFile(`/proc/${pid}/root/etc/resolv.conf`)).includes("127.0.0.11"));
    const target = ["--pid", `${pid}`, "--lease", "3s", "--look-up", "1s"];
    const holder = await startHolder(kernel, { target, name: "names" }, { egress: [{ to: [{ host: "db" }], delay: `${DELAY_MS}ms` }] });
    expect(await delayed()).toEqual([true, true, false, false]);
    await tellName(1);
    await until(async () => (await delayed()).join() === "false,false,true,true");
    await holder.end();
  });
});
