import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { Pool } from "undici";
import type { Arm } from "./arms.ts";

const CONNECTIONS = 16;
const NAME = "pr-42";

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
    });
    const [{ port }] = (await once(child, "message")) as [{ port: number }];
    return new MeasuredService(arm, child, port);
  }

  /** Sends so many requests and checks every answer; gives the CPU time of the service for each, in microseconds. */
  async load(requests: number): Promise<number> {
    const before = await this.#cpu();
    let left = requests;
    await Promise.all(
      Array.from({ length: CONNECTIONS }, async () => {
        while (left-- > 0) await this.#request();
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

  async #request(): Promise<void> {
    const { carriedIn, isPassedOn } = this.arm;
    const headers: Record<string, string> = {};
    if (carriedIn === "virtual-cluster-name") headers[carriedIn] = NAME;
    if (carriedIn === "baggage") headers[carriedIn] = `virtual-cluster-name=${NAME}`;
    const { body } = await this.#pool.request({ path: "/", method: "GET", headers });
    const arrived = await body.text();
    const expected = isPassedOn ? NAME : "none";
    if (arrived !== expected) throw new Error(`${this.arm.name}: downstream got ${arrived}, not ${expected}`);
  }

  async #cpu(): Promise<number> {
    const answer = once(this.#child, "message") as Promise<[{ cpu: number }]>;
    this.#child.send("cpu");
    const [{ cpu }] = await answer;
    return cpu;
  }
}
