import { AsyncResource } from "node:async_hooks";
import type { EventEmitter } from "node:events";
import { defineMethod } from "../prototypes.ts";

const SENDERS = ["send", "ping", "pong"] as const;

/** What the package `ws` makes of a socket that was upgraded. */
export type WebSocketLike = EventEmitter & Record<(typeof SENDERS)[number], (...values: unknown[]) => unknown>;

/**
 * Calls back once `ws` has taken a socket over.
 *
 * Its compression runs in one queue for all sockets, whose jobs go on in each other's async context: the messages of a compressed
 * socket, and all that waits behind them, come in the scope of any other. A socket tells of its WebSocket only by a symbol, which `ws`
 * sets before it listens to the socket.
 */
export function whenWebSocket(socket: EventEmitter, callback: (webSocket: WebSocketLike) => void): void {
  // Node's own of these were for the parser, which has let go of the socket, and would put `on` back.
  for (const method of ["on", "addListener", "prependListener"]) {
    const own: unknown = Object.getOwnPropertyDescriptor(socket, method)?.value;
    if (typeof own === "function" && own.name === "socketListenerWrap") Reflect.deleteProperty(socket, method);
  }
  const { on } = socket;
  defineMethod(socket, "on", function watchfulOn(this: EventEmitter, event: string, listener: () => void) {
    const webSocket = webSocketOf(this);
    if (webSocket !== undefined) {
      defineMethod(this, "on", on);
      callback(webSocket);
    }
    return on.call(this, event, listener);
  });
}

/** Makes what `ws` calls back when something was sent run where it was sent from. */
export function bindSendCallbacks(webSocket: WebSocketLike): void {
  for (const method of SENDERS) {
    const send = webSocket[method];
    defineMethod(webSocket, method, function sendScoped(this: WebSocketLike, ...values: unknown[]) {
      const last = values.length - 1;
      const callback = values[last];
      if (typeof callback === "function") values[last] = AsyncResource.bind(callback as () => void);
      return send.apply(this, values);
    });
  }
}

function webSocketOf(socket: object): WebSocketLike | undefined {
  const key = Object.getOwnPropertySymbols(socket).find(({ description }) => description === "websocket");
  const value: unknown = key === undefined ? undefined : Reflect.get(socket, key);
  return isWebSocket(value) ? value : undefined;
}

function isWebSocket(value: unknown): value is WebSocketLike {
  if (typeof value !== "object" || value === null) return false;
  return ["emit", ...SENDERS].every((method) => typeof Reflect.get(value, method) === "function");
}
