import { spawn } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type Loopback, listen, valuesOnTheWire } from "../loopback.ts";
import { HEADER } from "../requests.ts";

/** The folder of the service and of what is loaded before it. */
export const APP = join(import.meta.dirname, "app");

/** What arrived at the downstream, each header as often as it was on the wire. */
interface Arrived {
  readonly names: string[];
  readonly baggage: string[];
  readonly traceparent: string[];
  /** The names of all headers, in lower case. */
  readonly headers: string[];
}

/** What arrived by each way of calling. */
export type Answer = Readonly<Record<string, Arrived>>;

/** A service in a process of its own, started as a user would start it. */
export interface RunningService {
  get<T = Answer>(path: string, headers?: Record<string, string>): Promise<T>;
  /** Everything that the process wrote to stderr, once it has ended. */
  stop(): Promise<string>;
}

/** A downstream that answers with what arrived. */
export function listenDownstream(): Promise<Loopback> {
  return listen((request, response) => {
    request.resume();
    const [names, baggage, traceparent] = [HEADER, "baggage", "traceparent"].map((header) => valuesOnTheWire(request, header));
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ names, baggage, traceparent, headers: Object.keys(request.headers) }));
  });
}

/** The environment of a service: nothing of this process's but the path. */
export function environmentOf(downstream: Loopback, more: Record<string, string>): Record<string, string> {
  return { PATH: process.env.PATH ?? "", DOWNSTREAM: downstream.origin, ...more };
}

/** Starts `node ...args` and waits for it to print its port. */
export async function startService(args: readonly string[], env: Record<string, string>, cwd: string = APP): Promise<RunningService> {
  const child = spawn(process.execPath, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const closed = once(child, "close");
  const port = await Promise.race([
    readPort(child.stdout),
    closed.then(([code]) => Promise.reject(new Error(`node ${args.join(" ")} ended with ${code}: ${stderr}`))),
  ]);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
  return {
    get: (path, headers = {}) => getJson({ host: "127.0.0.1", port, path, headers, agent }),
    async stop() {
      agent.destroy();
      child.kill();
      await closed;
      return stderr;
    },
  };
}

async function readPort(stdout: NodeJS.ReadableStream): Promise<number> {
  for await (const line of createInterface(stdout)) if (line.startsWith('{"port":')) return JSON.parse(line).port;
  return new Promise(() => {});
}

function getJson<T>(options: http.RequestOptions): Promise<T> {
  return new Promise((resolve, reject) => {
    const outgoing = http.get(options, (response) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => {
        if (response.statusCode === 200) resolve(JSON.parse(text));
        else reject(new Error(`${options.path} was answered with ${response.statusCode}: ${text}`));
      });
    });
    outgoing.on("error", reject);
  });
}
