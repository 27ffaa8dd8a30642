import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { HostNetwork } from "./host-network.ts";

/** What became of numbered lines that went there and back by one connection. */
interface LinesResult {
  readonly sent: number;
  readonly returned: number;
  readonly isInOrder: boolean;
  readonly error?: string;
}

export interface LongConnection {
  /** Sends no more, and waits for the last line. */
  readonly end: () => Promise<LinesResult>;
}

const PROGRAM = join(import.meta.dirname, "numbered-lines.ts");

/** Opens a TCP connection by which numbered lines go from the near end to the far one and back, 1,000 a second. */
export async function openLongConnection(network: HostNetwork, family: 4 | 6, port: number): Promise<LongConnection> {
  const run = (at: "near" | "far", role: string) =>
    network.start(at, process.execPath, [PROGRAM, role, network.far.address[family], `${port}`]);
  const echo = run("far", "echo");
  if (echo.stdout !== null) await once(echo.stdout, "data");
  const sender = run("near", "send");
  if (sender.stdout === null) throw new Error("no output");
  const lines = createInterface({ input: sender.stdout })[Symbol.asyncIterator]();
  await lines.next();
  return {
    end: async () => {
      sender.stdin?.end();
      const { value } = await lines.next();
      echo.stdin?.end();
      return JSON.parse(value ?? "null");
    },
  };
}
