import { Agent, request } from "node:http";
import { text } from "node:stream/consumers";
import type { Ask } from "./scenarios.ts";

/** The name under which the shop is reached from outside. */
export const SHOP_HOST = "shop.example";

const ANSWER_WITHIN_MS = 10_000;
const agent = new Agent({ keepAlive: true, maxSockets: 16 });

/** The shop did not answer, or not with 200. */
export class NoAnswerError extends Error {
  override readonly name = "NoAnswerError";
  readonly code = "NO_ANSWER";
}

/**
 * Sends a request over kept-alive connections and answers the JSON that comes back.
 *
 * @throws {NoAnswerError}
 */
export async function ask(url: string, { method = "GET", path, headers }: Ask): Promise<unknown> {
  const { status, body } = await send(`${url}${path}`, method, headers);
  if (status !== 200) throw new NoAnswerError(`HTTP ${status}: ${body.slice(0, 200).trim()}`);
  return JSON.parse(body);
}

async function send(url: string, method: string, headers: Ask["headers"]): Promise<{ status: number; body: string }> {
  const body = method === "POST" ? JSON.stringify(ORDER) : undefined;
  const content = body === undefined ? {} : { "content-type": "application/json" };
  return await new Promise((resolve, reject) => {
    const fail = (error: Error) => reject(new NoAnswerError(error.message, { cause: error }));
    const options = { agent, method, headers: { host: SHOP_HOST, ...content, ...headers }, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) };
    const sent = request(url, options, (response) => {
      text(response).then((answer) => resolve({ status: response.statusCode ?? 0, body: answer }), fail);
    });
    sent.on("error", fail).end(body);
  });
}

/** What is bought at a checkout. */
export const ORDER = { product: 1, cents: 4200 };

/** Closes the connections that are kept open. */
export function closeConnections(): void {
  agent.destroy();
}
