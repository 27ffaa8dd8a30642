import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { nextMessage } from "../messages.ts";
import type { Arm } from "./arms.ts";
import { Connection } from "./connection.ts";
import { pinService } from "./pin.ts";

const CONNECTIONS = 16;
const NAME = "pr-42";

/** What a service is asked to do, over and over. */
export interface Load {
  /** Outbound calls of one request. */
  readonly calls: number;
  /** Do the requests carry a name? */
  readonly isNamed: boolean;
}

/** A fresh process of the measured service, and the connections over which it is loaded. */
export class MeasuredService {
  readonly arm: Arm;
  readonly #child: ChildProcess;
  readonly #connections: readonly Connection[];

  private constructor(arm: Arm, child: ChildProcess, connections: readonly Connection[]) {
    this.arm = arm;
    this.#child = child;
    this.#connections = connections;
  }

  static async start(arm: Arm, downstreamPort: number, isPinned: boolean): Promise<MeasuredService> {
    const child = fork(new URL("server.ts", import.meta.url), [arm.name, `${downstreamPort}`], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      execArgv: ["--expose-gc", ...(arm.execArgv ?? [])],
    });
    if (isPinned && child.pid !== undefined) pinService(child.pid);
    const { port } = await nextMessage<{ port: number }>(child);
    return new MeasuredService(arm, child, await Promise.all(Array.from({ length: CONNECTIONS }, () => Connection.open(port))));
  }

  /** Sends so many requests and checks every answer; gives the CPU time of the service for all of them, in microseconds. */
  async load({ calls, isNamed }: Load, requests: number): Promise<number> {
    const { carriedIn, passesOn, name } = this.arm;
    const header = `${carriedIn}: ${carriedIn === "baggage" ? "virtual-cluster-name=" : ""}${NAME}\r\n`;
    const request = `GET /${calls} HTTP/1.1\r\nHost: service\r\n${isNamed ? header : ""}\r\n`;
    const expected = isNamed && passesOn !== "not" ? NAME : "none";
    const before = await this.#cpu();
    let left = requests;
    await Promise.all(
      this.#connections.map(async (connection) => {
        while (left-- > 0) {
          const arrived = await connection.send(request);
          if (arrived !== expected) throw new Error(`${name}: downstream got ${arrived}, not ${expected}`);
        }
      }),
    );
    return (await this.#cpu()) - before;
  }

  async stop(): Promise<void> {
    for (const connection of this.#connections) connection.close();
    const ended = once(this.#child, "exit");
    this.#child.kill();
    await ended;
  }

  async #cpu(): Promise<number> {
    const answer = nextMessage<{ cpu: number }>(this.#child);
    this.#child.send("cpu");
    return (await answer).cpu;
  }
}
