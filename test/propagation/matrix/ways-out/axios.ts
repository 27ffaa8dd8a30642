import http from "node:http";
import { Readable } from "node:stream";
import { selfSigned } from "../../self-signed.ts";
import { type OpenedWay, reasons, type SendOptions, type WayOut } from "./way.ts";

const cannot = { pipelining: reasons.sequential };

/** The adapters of axios, and its HTTP/2. */
export const waysOfAxios: readonly WayOut[] = [
  { name: "axios with its http adapter", package: "axios", server: "http", cannot, open: openHttp },
  { name: "axios with its fetch adapter", package: "axios", server: "http", cannot, open: openFetch },
  {
    name: "axios over HTTP/2",
    package: "axios",
    server: "h2",
    cannot: { "redirect to a target": reasons.noRedirects, "redirect to another host": reasons.noRedirects },
    open: openHttp2,
  },
];

async function openHttp(): Promise<OpenedWay> {
  const httpAgent = new http.Agent({ keepAlive: true, maxSockets: 3 });
  const opened = await openBy({ adapter: "http", httpAgent }, (body) => Readable.from(body));
  return { ...opened, close: async () => httpAgent.destroy() };
}

function openFetch(): Promise<OpenedWay> {
  return openBy({ adapter: "fetch" }, (body) => Readable.toWeb(Readable.from(body)));
}

function openHttp2(): Promise<OpenedWay> {
  return openBy({ adapter: "http", httpVersion: 2, http2Options: { ca: selfSigned.cert, sessionTimeout: 500 } }, (body) =>
    Readable.from(body),
  );
}

async function openBy(settings: object, streamOf: (body: AsyncIterable<Uint8Array>) => unknown): Promise<OpenedWay> {
  const { default: axios } = await import("axios");
  const client = axios.create({ proxy: false, responseType: "text", transformResponse: (text) => text, ...settings });
  return {
    send: async (url, { headers = {}, signal, body }: SendOptions = {}) => {
      const sent = body === undefined ? {} : { method: "POST", data: streamOf(body) };
      const { data } = await client.request<string>({
        url,
        headers: headers as Record<string, string>,
        ...sent,
        ...(signal ? { signal } : {}),
      });
      return data;
    },
    close: async () => {},
  };
}
