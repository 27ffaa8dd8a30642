import { fork } from "node:child_process";
import { once } from "node:events";
import { nextMessage } from "../messages.ts";
import { AnsweringProxy, sendDistinct } from "./wire.ts";

const FEW = 100_000;
const MANY = 1_000_000;
/** What the heap may grow by from few to many. */
const BAR_BYTES = 2 ** 20;

export interface MemoryFigures {
  readonly node: string;
  /** The heap after collection, by the number of names, hosts and baggage entries that the process has met, each of them once. */
  readonly heapBytes: readonly { readonly distinct: number; readonly bytes: number }[];
  readonly grownBytes: number;
  readonly barBytes: number;
}

interface Answer {
  readonly heapBytes: number;
  readonly received: number;
  readonly sent: number;
  readonly failures: number;
}

/** Drives one service with requests that have nothing in common, through real sockets. */
export async function measureMemory(onProgress: (message: string) => void): Promise<MemoryFigures> {
  const proxy = new AnsweringProxy();
  const service = fork(new URL("service.ts", import.meta.url), [`${await proxy.listen()}`], {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    // V8 forgets the code of what has not run for long, megabytes of it, and would hide as much growth.
    execArgv: ["--expose-gc", "--no-flush-bytecode", "--import", import.meta.resolve("@puggle/propagation/register")],
    env: { ...process.env, PUGGLE_BAGGAGE: "write" },
  });
  const ended = once(service, "exit");
  try {
    const { port } = await nextMessage<{ port: number }>(service);
    const heapBytes = [];
    let done = 0;
    for (const distinct of [FEW, MANY]) {
      onProgress(`memory: ${distinct} names and hosts`);
      await sendDistinct(port, done, distinct);
      done = distinct;
      const answer = nextMessage<Answer>(service);
      service.send("heap");
      const { heapBytes: bytes, received, sent, failures } = await answer;
      if (received !== done || sent !== done || proxy.named !== done || failures !== 0) {
        throw new Error(`of ${done} names ${received} were received, ${sent} sent, ${proxy.named} arrived; ${failures} failures`);
      }
      heapBytes.push({ distinct, bytes });
    }
    const grownBytes = (heapBytes[1]?.bytes ?? Number.NaN) - (heapBytes[0]?.bytes ?? Number.NaN);
    return { node: process.version, heapBytes, grownBytes, barBytes: BAR_BYTES };
  } finally {
    service.kill();
    await ended;
    proxy.close();
  }
}
