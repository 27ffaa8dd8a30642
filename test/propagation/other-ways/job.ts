import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import http, { type IncomingHttpHeaders } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Arm } from "../../../bench/propagation/arms.ts";
import { type Loopback, listen } from "../loopback.ts";
import { HEADER } from "../requests.ts";

/** What carrying a name is about, each with the requests that show it. */
const JOB = {
  "the handler's calls": (trial: Trial) => trial.callFrom("handler"),
  "calls from the request's events": (trial: Trial) => trial.callFrom("request data", "request end"),
  "calls from the response's events": (trial: Trial) => trial.callFrom("response finish", "response close"),
  "no name to another host": (trial: Trial) => trial.callStranger("/"),
  "no name to another host after a redirect": (trial: Trial) => trial.callStranger("/redirect"),
  "no name that is none": (trial: Trial) => trial.bringInvalidNames(),
} satisfies Readonly<Record<string, (trial: Trial) => Promise<readonly string[]>>>;

export type Part = keyof typeof JOB;

const PARTS = Object.keys(JOB) as Part[];

/** Puts one of the bench's ways to the job, as a process of its own; gives the parts that it does not do, with what was seen. */
export async function tryArm(arm: Arm): Promise<Partial<Record<Part, readonly string[]>>> {
  const trial = await Trial.start(arm);
  try {
    const faults: Partial<Record<Part, readonly string[]>> = {};
    for (const part of PARTS) {
      // What sends a client on is asked for by clients that go there.
      if (part === "no name to another host after a redirect" && arm.client === "node:http") continue;
      const found = await JOB[part](trial);
      if (found.length > 0) faults[part] = found;
    }
    return faults;
  } finally {
    await trial.stop();
  }
}

let lastId = 0;

class Trial {
  readonly #arm: Arm;
  readonly #child: ChildProcess;
  readonly #port: number;
  readonly #target: Loopback;
  readonly #stranger: Loopback;
  readonly #arrived: ReadonlyMap<string, string>;
  /** Few enough for requests to follow one another on a connection. */
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 4 });

  private constructor(arm: Arm, child: ChildProcess, port: number, target: Loopback, stranger: Loopback, arrived: Map<string, string>) {
    this.#arm = arm;
    this.#child = child;
    this.#port = port;
    this.#target = target;
    this.#stranger = stranger;
    this.#arrived = arrived;
  }

  static async start(arm: Arm): Promise<Trial> {
    const arrived = new Map<string, string>();
    const note = (place: string, id: string, headers: IncomingHttpHeaders) => arrived.set(`${place} ${id}`, nameIn(headers, arm));
    const stranger = await listen((request, response) => {
      note("stranger", idIn(request.url), request.headers);
      response.end("{}");
    }, STRANGER);
    const target = await listen((request, response) => {
      note("target", idIn(request.url), request.headers);
      if (request.url?.startsWith("/redirect")) response.writeHead(302, { location: `${stranger.origin}/?id=${idIn(request.url)}` });
      response.end("{}");
    });
    const child = fork(new URL("service.ts", import.meta.url), [arm.name], {
      execArgv: [...(arm.execArgv ?? [])],
      env: { ...process.env, NODE_OPTIONS: "", PUGGLE_TARGETS: TARGET, PUGGLE_REPORT_LOST: "off" },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    const [{ port }] = (await once(child, "message")) as [{ port: number }];
    return new Trial(arm, child, port, target, stranger, arrived);
  }

  async stop(): Promise<void> {
    this.#agent.destroy();
    const ended = once(this.#child, "exit");
    this.#child.kill();
    await ended;
    await Promise.all([this.#target.close(), this.#stranger.close()]);
  }

  async callFrom(...places: readonly string[]): Promise<readonly string[]> {
    const faults = new Set<string>();
    await Promise.all(
      Array.from({ length: 80 }, async (_, index) => {
        const place = places[index % places.length] ?? "";
        const name = index % 3 === 1 ? "none" : `vc-${index}`;
        const id = nextId();
        await sleep(Math.random() * 20);
        await this.#ask(`${this.#target.origin}/?id=${id}`, place, name);
        const arrived = await this.#nameAt("target", id);
        if (arrived !== name)
          faults.add(`${place}: ${arrived === "none" ? "no name" : name === "none" ? "a name for none" : "another's name"}`);
      }),
    );
    return [...faults].sort();
  }

  async callStranger(path: string): Promise<readonly string[]> {
    const id = nextId();
    const { origin } = path === "/redirect" ? this.#target : this.#stranger;
    await this.#ask(`${origin}${path}?id=${id}`, "handler", "vc-1");
    const arrived = await this.#nameAt("stranger", id);
    return arrived === "none" ? [] : [`it got ${arrived}`];
  }

  async bringInvalidNames(): Promise<readonly string[]> {
    const faults: string[] = [];
    for (const invalid of ["Not_A_Name", "x".repeat(4_000), "-"]) {
      const id = nextId();
      await this.#ask(`${this.#target.origin}/?id=${id}`, "handler", invalid);
      const arrived = await this.#nameAt("target", id);
      if (arrived !== "none") faults.push(`${arrived.slice(0, 10)} was passed on`);
    }
    return faults;
  }

  async #ask(to: string, from: string, name: string): Promise<void> {
    const own = this.#arm.carriedIn === "baggage" ? { baggage: `${HEADER}=${name}` } : { [HEADER]: name };
    const path = `/?${new URLSearchParams({ to, from })}`;
    const options = { host: "127.0.0.1", port: this.#port, method: "POST", path, agent: this.#agent, headers: name === "none" ? {} : own };
    await new Promise<void>((resolve, reject) => {
      const request = http.request(options, (response) => response.resume().on("end", resolve));
      request.on("error", reject);
      request.write("first ");
      setTimeout(() => request.end("last"), Math.random() * 5);
    });
  }

  async #nameAt(place: string, id: string): Promise<string> {
    const end = performance.now() + 5_000;
    for (;;) {
      const name = this.#arrived.get(`${place} ${id}`);
      if (name !== undefined) return name;
      if (performance.now() > end) throw new Error(`${this.#arm.name}: no call came to ${place} in 5 seconds`);
      await sleep(2);
    }
  }
}

/** The only host that may get the name, and another. */
const TARGET = "127.0.0.1";
const STRANGER = "127.0.0.2";

function nextId(): string {
  lastId += 1;
  return `${lastId}`;
}

function idIn(url = ""): string {
  return new URL(url, "http://any").searchParams.get("id") ?? "";
}

function nameIn(headers: IncomingHttpHeaders, { carriedIn }: Arm): string {
  if (carriedIn !== "baggage") return headers[HEADER]?.toString() ?? "none";
  const member = `${headers.baggage ?? ""}`.split(",").find((each) => each.trim().startsWith(`${HEADER}=`));
  return member === undefined ? "none" : member.slice(member.indexOf("=") + 1);
}
