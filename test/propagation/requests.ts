import { type IncomingMessage, request } from "node:http";
import { connect } from "node:net";

/** The header that this package is about. */
export const HEADER = "virtual-cluster-name";

/**
 * Sends a request as text, and gives the answer as text, as far as it came before the connection closed or was reset: for what
 * no client would send.
 */
export function sendText(port: number, text: string | Buffer): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk;
    });
    socket.on("close", () => resolve(answer));
    socket.on("error", () => {});
    socket.end(text);
  });
}

/** Sends a request with `node:http` and gives the status and the parsed JSON of the answer. */
export function getJson<T>(
  url: string,
  headers: Record<string, string | string[]> = {},
  body?: string,
): Promise<{ status: number; json: T }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { headers, method: body === undefined ? "GET" : "POST", agent: false }, (response: IncomingMessage) => {
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, json: JSON.parse(text) }));
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
