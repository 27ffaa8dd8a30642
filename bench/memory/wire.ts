import { connect } from "node:net";
import { END, PlainServer } from "../plain-server.ts";

/** Plain sockets and text: what stands on either side of the service is not to be what limits it. */

const ANSWER = `HTTP/1.1 200 OK\r\ncontent-length: 0${END}`;
const IN_FLIGHT = 20;

/** A proxy that answers each request itself, and counts those that carry a name. */
export class AnsweringProxy extends PlainServer {
  named = 0;

  constructor() {
    super((head) => {
      if (head.includes("\nvirtual-cluster-name: vc-")) this.named += 1;
      return ANSWER;
    });
  }
}

/** Sends the requests numbered `from` to `to`, each with a name and baggage of its own, over a few pipelined connections. */
export async function sendDistinct(port: number, from: number, to: number): Promise<void> {
  let next = from;
  await Promise.all(
    Array.from(
      { length: 4 },
      () =>
        new Promise<void>((resolve, reject) => {
          const socket = connect(port, "127.0.0.1");
          let pending = 0;
          let rest = "";
          const send = () => {
            let text = "";
            for (; pending < IN_FLIGHT && next < to; pending++, next++) text += requestOf(next);
            if (text !== "") socket.write(text);
            else if (pending === 0) socket.end(resolve);
          };
          socket.setNoDelay().setEncoding("latin1");
          socket.on("connect", send);
          socket.on("error", reject);
          socket.on("data", (chunk: string) => {
            const answers = (rest + chunk).split(END);
            rest = answers.pop() ?? "";
            pending -= answers.length;
            send();
          });
        }),
    ),
  );
}

function requestOf(id: number): string {
  return `GET /${id} HTTP/1.1\r\nhost: service-${id}\r\nvirtual-cluster-name: vc-${id}\r\nbaggage: inbound-${id}=value-${id}${END}`;
}
