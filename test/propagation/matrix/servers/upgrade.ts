import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocketServer } from "ws";
import { answerText, namesIn, readWish } from "./answer.ts";
import type { HopLog, Place } from "./hops.ts";

/** Answers upgrades: a WebSocket's with one message, any other with one line of text. */
export function createUpgrader(place: Place, hops: HopLog): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const webSockets = new WebSocketServer({ noServer: true });
  return async (request, socket, head) => {
    const { path, id, delay, to } = readWish(request.url ?? "");
    const names = namesIn(request.rawHeaders);
    socket.on("error", () => {});
    socket.once("close", hops.enter(id, place, names, socket).leave);
    if (path === "/hang") return;
    if (delay > 0) await sleep(delay);
    if (to !== null) {
      socket.end(`HTTP/1.1 302 Found\r\nLocation: ${to}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
    } else if (request.headers.upgrade?.toLowerCase() === "websocket") {
      webSockets.handleUpgrade(request, socket, head, (webSocket) => webSocket.send(answerText(id, names)));
    } else {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
      socket.end(answerText(id, names));
    }
  };
}
