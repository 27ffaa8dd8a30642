import { AsyncResource } from "node:async_hooks";
import { noteEvents, type OpenedWay, reasons, type WayOut } from "./way.ts";

export const waysOfWs: readonly WayOut[] = [
  {
    name: "ws",
    package: "ws",
    server: "http",
    cannot: { pipelining: reasons.sequential, "keep-alive": reasons.ownConnection, "streamed body": reasons.noBody },
    open,
  },
];

async function open(): Promise<OpenedWay> {
  const { WebSocket } = await import("ws");
  return {
    send: (url, { headers = {}, signal, note } = {}) =>
      new Promise((resolve, reject) => {
        const socket = new WebSocket(url.replace(/^http/, "ws"), { headers: headers as Record<string, string>, followRedirects: true });
        noteEvents(socket, "socket", ["upgrade", "open", "message", "close", "error"], note);
        // It takes no signal: a service calls `terminate` from its own code.
        signal?.addEventListener(
          "abort",
          AsyncResource.bind(() => socket.terminate()),
        );
        let text = "";
        socket.on("message", (message) => {
          text = message.toString();
          socket.close();
        });
        socket.on("close", () => resolve(text));
        socket.on("error", reject);
      }),
    close: async () => {},
  };
}
