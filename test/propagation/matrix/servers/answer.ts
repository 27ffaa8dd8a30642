import type { IncomingMessage, ServerResponse } from "node:http";
import type { Http2ServerRequest, Http2ServerResponse } from "node:http2";
import { setTimeout as sleep } from "node:timers/promises";
import { HEADER } from "../../requests.ts";
import type { HopLog, Place } from "./hops.ts";

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

/** What a request's URL asks for: `/echo?id=7&delay=3`, `/redirect?id=7&to=http://...`, `/flaky?id=7` or `/hang?id=7`. */
export interface Wish {
  readonly path: string;
  readonly id: string;
  readonly delay: number;
  readonly to: string | null;
}

export function readWish(url: string): Wish {
  const { pathname, searchParams } = new URL(url, "http://x");
  return { path: pathname, id: searchParams.get("id") ?? "", delay: Number(searchParams.get("delay") ?? 0), to: searchParams.get("to") };
}

/** The answer to every request that is answered: whose it was, and the names that came with it. */
export function answerText(id: string, names: readonly string[]): string {
  return JSON.stringify({ id, names });
}

export function namesIn(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === HEADER);
}

/** Answers as the URL asks, once the body has come. */
export function createAnswerer(place: Place, hops: HopLog): (request: Request, response: Response) => void {
  return (request, response) => {
    const wish = readWish(request.url ?? "");
    const names = namesIn(request.rawHeaders);
    const { hop, leave } = hops.enter(wish.id, place, names, connectionOf(request));
    const answers: ServerResponse = response as ServerResponse;
    answers.once("close", leave);
    request.on("error", () => {});
    request.on("data", (chunk: Buffer) => {
      hop.received += chunk.length;
    });
    request.once("end", async () => {
      if (wish.path === "/hang") return;
      if (wish.delay > 0) await sleep(wish.delay);
      leave();
      if (wish.to !== null) answers.writeHead(302, { location: wish.to }).end();
      else if (wish.path === "/flaky" && hops.count(wish.id) === 1) answers.writeHead(503).end();
      else answers.end(answerText(wish.id, names));
    });
  };
}

function connectionOf(request: Request): object {
  return ("stream" in request ? request.stream.session : undefined) ?? request.socket;
}
