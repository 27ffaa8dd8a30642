import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { Pool } from "undici";
import { nextMessage } from "../messages.ts";
import type { Arm } from "./arms.ts";

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
  readonly #pool: Pool;

  private constructor(arm: Arm, child: ChildProcess, port: number) {
    this.arm = arm;
    this.#child = child;
    this.#pool = new Pool(`http://127.0.0.1:${port}`, { connections: CONNECTIONS });
  }

  static async start(arm: Arm, downstreamPort: number): Promise<MeasuredService> {
    const child = fork(new URL("server.ts", import.meta.url), [arm.name, `${downstreamPort}`], {
      stdio: ["ignore", "ignore", "inherit", "ipc"],
      execArgv: [...(arm.execArgv ?? [])],
    });
    const { port } = await nextMessage<{ port: number }>(child);
    return new MeasuredService(arm, child, port);
  }

  /** Sends so many requests and checks every answer; gives the CPU time of the service for each, in microseconds. */
  async load(load: Load, requests: number): Promise<number> {
    const before = await this.#cpu();
    let left = requests;
    await Promise.all(
      Array.from({ length: CONNECTIONS }, async () => {
        while (left-- > 0) await this.#request(load);
      }),
    );
    return ((await this.#cpu()) - before) / requests;
  }

  async stop(): Promise<void> {
    await this.#pool.close();
    const ended = once(this.#child, "exit");
    this.#child.kill();
    await ended;
  }

  async #request({ calls, isNamed }: Load): Promise<void> {
    const { carriedIn, passesOn, name } = this.arm;
    const headers: Record<string, string> = {};
    if (isNamed) headers[carriedIn] = carriedIn === "baggage" ? `virtual-cluster-name=${NAME}` : NAME;
    const { body } = await this.#pool.request({ path: `/${calls}`, method: "GET", headers });
    const arrived = await body.text();
    const expected = isNamed && passesOn !== "not" ? NAME : "none";
    if (arrived !== expected) throw new Error(`${name}: downstream got ${arrived}, not ${expected}`);
  }

  async #cpu(): Promise<number> {
    const answer = nextMessage<{ cpu: number }>(this.#child);
    this.#child.send("cpu");
    return (await answer).cpu;
  }
}
