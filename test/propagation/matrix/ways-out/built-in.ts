import { once } from "node:events";
import { type OpenedWay, reasons, type SendOptions, type WayOut } from "./way.ts";

/** What Node.js has built in beside its modules. */
export const waysBuiltIn: readonly WayOut[] = [
  { name: "fetch", server: "http", cannot: { pipelining: reasons.sequential }, open: async () => openFetch(globalThis.fetch) },
  {
    name: "WebSocket",
    since: "22.0.0",
    server: "http",
    cannot: {
      "keep-alive": reasons.ownConnection,
      pipelining: reasons.sequential,
      "streamed body": reasons.noBody,
      "redirect to a target": reasons.noRedirects,
      "redirect to another host": reasons.noRedirects,
      abort: reasons.noSignal,
      "events of an abort": reasons.noSignal,
    },
    open: async () => openWebSocket(globalThis.WebSocket as never),
  },
];

/** A `fetch` of any undici. */
export function openFetch(
  fetch: (url: string, init: object) => Promise<Pick<Response, "text">>,
  init: object = {},
  close = async () => {},
): OpenedWay {
  return {
    send: async (url, { headers = {}, signal, body } = {}) => {
      const sent = body === undefined ? {} : { method: "POST", body, duplex: "half" };
      const response = await fetch(url, { ...init, headers, ...(signal === undefined ? {} : { signal }), ...sent });
      return response.text();
    },
    close,
  };
}

type WebSocketClass = new (url: string, init: object) => EventTarget & { close(): void };

/** A `WebSocket` of any undici, with the headers that only undici's takes. */
export function openWebSocket(WebSocket: WebSocketClass, init: object = {}, close = async () => {}): OpenedWay {
  return {
    send: async (url, { headers = {}, note }: SendOptions = {}) => {
      const socket = new WebSocket(url.replace(/^http/, "ws"), { ...init, headers });
      for (const event of ["open", "message", "close"]) socket.addEventListener(event, () => note?.(event));
      const failed = once(socket, "error").then(() => Promise.reject(new Error("the WebSocket failed")));
      const [message] = (await Promise.race([once(socket, "message"), failed])) as [{ readonly data: string }];
      const closed = once(socket, "close");
      socket.close();
      await closed;
      return message.data;
    },
    close,
  };
}
