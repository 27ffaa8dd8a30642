import { createServer } from "node:net";
import { describe, expect, it } from "vitest";
import { freePorts } from "./ports.ts";

async function canListen(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const server = createServer().once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

describe("freePorts", () => {
  it.each([0, 1, 63, 64, 200])("gives %i distinct ports on which one can listen", async (count) => {
    const ports = await freePorts(count);
    expect(new Set(ports).size).toBe(count);
    for (const port of ports) expect(await canListen(port)).toBe(true);
  });

  it("gives no port twice to callers at the same time", async () => {
    const ports = (await Promise.all(Array.from({ length: 20 }, () => freePorts(20)))).flat();
    expect(new Set(ports).size).toBe(400);
  });

  it("gives no port again that it has given, though nothing listens on it, nor goes on to hold it", async () => {
    const ports: number[] = [];
    for (let call = 0; call < 120; call++) ports.push(...(await freePorts(20)));
    expect(new Set(ports).size).toBe(2_400);
    for (const port of ports) expect(await canListen(port)).toBe(true);
  });

  it("passes over ports that are taken", async () => {
    const [first] = await freePorts(1);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(first, "127.0.0.1", resolve));
    const all = await freePorts(2_000);
    expect(all).not.toContain(first);
    server.close();
  });

  it("refuses what no machine has", async () => {
    await expect(freePorts(100_000)).rejects.toMatchObject({ name: "FreePortsError", code: "NO_FREE_PORTS" });
  });
});
