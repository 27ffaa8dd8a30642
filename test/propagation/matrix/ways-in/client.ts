import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import { HEADER } from "../../requests.ts";
import { ID } from "./sightings.ts";
import type { Opened } from "./way.ts";

interface Call {
  readonly path: string;
  readonly id: string;
  readonly name: string | undefined;
  /** The body's type. Default: `application/octet-stream`. */
  readonly type?: string;
  /** The body, in pieces with pauses between them. Default: one piece. */
  readonly body?: readonly string[];
  readonly signal?: AbortSignal;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** A client with a few connections that are kept alive. */
export interface Client {
  send(call: Call): Promise<Answer>;
  close(): void;
}

export function createClient({ protocol, port }: Opened): Client {
  return protocol === "http" || protocol === "https" ? createHttp1Client(protocol, port) : createHttp2Client(protocol, port);
}

/** Writes the body in its pieces, the first of them at once. */
async function write(stream: NodeJS.WritableStream, body: readonly string[]): Promise<void> {
  for (const [index, piece] of body.entries()) {
    if (index > 0) await sleep(4);
    stream.write(piece);
  }
  stream.end();
}

function headersOf({ id, name, type = "application/octet-stream" }: Call): Record<string, string> {
  return { [ID]: id, "content-type": type, ...(name === undefined ? {} : { [HEADER]: name }) };
}

function createHttp1Client(protocol: "http" | "https", port: number): Client {
  const { Agent, request } = protocol === "http" ? http : https;
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  return {
    send: (call) =>
      new Promise((resolve, reject) => {
        const { path, body = ["body"], signal } = call;
        const target = `${protocol}://127.0.0.1:${port}${path}`;
        const options = { agent, method: "POST", headers: headersOf(call), rejectUnauthorized: false, ...(signal && { signal }) };
        const outgoing = request(target, options, (response) => {
          let text = "";
          response.setEncoding("utf8").on("data", (piece) => {
            text += piece;
          });
          response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
          response.on("error", reject);
        });
        outgoing.on("error", reject);
        write(outgoing, body);
      }),
    close: () => agent.destroy(),
  };
}

function createHttp2Client(protocol: "h2" | "h2c", port: number): Client {
  const session = http2.connect(`${protocol === "h2" ? "https" : "http"}://127.0.0.1:${port}`, { rejectUnauthorized: false });
  session.on("error", () => {});
  return {
    send: (call) =>
      new Promise((resolve, reject) => {
        const { path, body = ["body"], signal } = call;
        const stream = session.request({ ":method": "POST", ":path": path, ...headersOf(call) }, { ...(signal && { signal }) });
        let status = 0;
        let text = "";
        stream.on("response", (headers) => {
          status = headers[":status"] ?? 0;
        });
        stream.setEncoding("utf8").on("data", (piece) => {
          text += piece;
        });
        stream.on("error", reject);
        stream.on("end", () => resolve({ status, text }));
        write(stream, body);
      }),
    close: () => session.destroy(),
  };
}
