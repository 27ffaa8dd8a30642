import http from "node:http";
import https from "node:https";
import { pipeline } from "node:stream/promises";
import { selfSigned } from "../../self-signed.ts";
import { noteEvents, type OpenedWay, reasons, type SendOptions, type WayOut } from "./way.ts";

type Module = typeof http | typeof https;
type Shape = (headers: Readonly<Record<string, string>>, url: URL) => http.RequestOptions["headers"];

const KEPT_ALIVE = { keepAlive: true, maxSockets: 3 };
const cannot = {
  pipelining: reasons.sequential,
  "redirect to a target": reasons.noRedirects,
  "redirect to another host": reasons.noRedirects,
};

/** The ways of `node:http` and `node:https`. */
export const waysOfNodeHttp: readonly WayOut[] = [
  { name: "node:http request", server: "http", cannot, open: async () => openBy(http, new http.Agent(KEPT_ALIVE)) },
  {
    name: "node:http get",
    server: "http",
    cannot: { ...cannot, "streamed body": reasons.noBody },
    open: async () => openBy(http, new http.Agent(KEPT_ALIVE), { call: "get" }),
  },
  {
    name: "node:http with agent: false",
    server: "http",
    cannot: { ...cannot, "keep-alive": reasons.ownConnection },
    open: async () => openBy(http, false),
  },
  {
    name: "node:http with array headers",
    server: "http",
    cannot,
    open: async () => openBy(http, new http.Agent(KEPT_ALIVE), { shape: asArray }),
  },
  {
    name: "node:http with Expect: 100-continue",
    server: "http",
    cannot,
    open: async () => openBy(http, new http.Agent(KEPT_ALIVE), { shape: (headers) => ({ ...headers, expect: "100-continue" }) }),
  },
  {
    name: "node:https request",
    server: "https",
    cannot,
    open: async () => openBy(https, new https.Agent({ ...KEPT_ALIVE, ca: selfSigned.cert })),
  },
  {
    name: "node:https get",
    server: "https",
    cannot: { ...cannot, "streamed body": reasons.noBody },
    open: async () => openBy(https, new https.Agent({ ...KEPT_ALIVE, ca: selfSigned.cert }), { call: "get" }),
  },
];

function asArray(headers: Readonly<Record<string, string>>, url: URL): string[] {
  return Object.freeze(["Host", url.host, ...Object.entries(headers).flat()]) as string[];
}

function openBy(module: Module, agent: http.Agent | false, how: { readonly call?: "get"; readonly shape?: Shape } = {}): OpenedWay {
  return {
    send: (url, { headers = {}, signal, body, note }: SendOptions = {}) =>
      new Promise((resolve, reject) => {
        const options: http.RequestOptions = { agent, method: body === undefined ? "GET" : "POST" };
        options.headers = how.shape?.(headers, new URL(url)) ?? headers;
        if (signal !== undefined) options.signal = signal;
        const request = module[how.call ?? "request"](url, options, (response) => {
          noteEvents(response, "response", ["data", "end", "close"], note);
          let text = "";
          response.setEncoding("utf8").on("data", (chunk) => {
            text += chunk;
          });
          response.on("end", () => resolve(text));
          response.on("error", reject);
        });
        noteEvents(request, "request", ["socket", "finish", "response", "error", "close", "continue"], note);
        request.on("error", reject);
        if (body !== undefined) pipeline(body, request).catch(reject);
        else if (how.call === undefined) request.end();
      }),
    close: async () => {
      if (agent !== false) agent.destroy();
    },
  };
}
