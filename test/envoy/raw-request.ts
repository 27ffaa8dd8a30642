import { Agent, request } from "node:http";
import type { RandomRequest } from "./random-mesh.ts";

/** Keeps connections, as a service's client would, so that what one request left behind would show in the next. */
export const keptAlive = new Agent({ keepAlive: true, maxSockets: 4 });

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

/** Sends a request with its header lines exactly as given; a header may stand twice. */
export async function sendRaw(port: number, { method, host, port: servicePort, path, headers }: RandomRequest): Promise<RawAnswer> {
  const lines = Object.entries(headers).flatMap(([name, values]) => values.flatMap((value) => [name, value]));
  return await new Promise((resolve, reject) => {
    const outgoing = request(
      {
        agent: keptAlive,
        host: "127.0.0.1",
        port,
        method,
        path,
        headers: ["host", servicePort === 80 ? host : `${host}:${servicePort}`, "content-length", "0", ...lines],
      },
      (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          body += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
        response.on("error", reject);
      },
    );
    outgoing.on("error", reject);
    outgoing.end();
  });
}
