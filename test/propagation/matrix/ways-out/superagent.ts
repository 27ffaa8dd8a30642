import { AsyncResource } from "node:async_hooks";
import http from "node:http";
import { Readable } from "node:stream";
import { selfSigned } from "../../self-signed.ts";
import { noteEvents, type OpenedWay, reasons, type WayOut } from "./way.ts";

const noRedirects = { "redirect to a target": reasons.noRedirects, "redirect to another host": reasons.noRedirects };

export const waysOfSuperagent: readonly WayOut[] = [
  { name: "superagent", package: "superagent", server: "http", cannot: { pipelining: reasons.sequential }, open: () => openBy(false) },
  {
    name: "superagent over HTTP/2",
    package: "superagent",
    server: "h2",
    cannot: { ...noRedirects, "keep-alive": reasons.ownConnection, pipelining: reasons.ownConnection },
    open: () => openBy(true),
  },
];

async function openBy(isHttp2: boolean): Promise<OpenedWay> {
  const { default: superagent } = await import("superagent");
  const agent = new http.Agent({ keepAlive: true, maxSockets: 3 });
  return {
    send: (url, { headers = {}, signal, body, note } = {}) =>
      new Promise((resolve, reject) => {
        const request = (body === undefined ? superagent.get(url) : superagent.post(url)).set(headers).buffer(true);
        if (isHttp2) request.http2().ca(selfSigned.cert);
        else request.agent(agent);
        noteEvents(request, "request", ["request", "response", "end", "error", "abort"], note);
        // It takes no signal: a service calls `abort` from its own code.
        signal?.addEventListener(
          "abort",
          AsyncResource.bind(() => {
            request.abort();
            reject(new Error("aborted"));
          }),
        );
        const done = (error: unknown, response: { readonly text: string } | undefined) => {
          note?.("callback");
          if (response === undefined) reject(error);
          else resolve(response.text);
        };
        if (body === undefined) request.end(done);
        else Readable.from(body).pipe(request.on("response", (response) => done(undefined, response)).on("error", reject) as never);
      }),
    close: async () => agent.destroy(),
  };
}
