import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { HEADER } from "../../requests.ts";
import { createClient } from "./client.ts";
import { ID } from "./sightings.ts";
import type { Opened } from "./way.ts";

interface Call {
  readonly path: string;
  readonly id: string;
  readonly name: string | undefined;
}

/** Sends requests over one connection, all in one piece or each after the answer to the one before, and waits for all answers. */
export async function writeOnOneConnection(opened: Opened, calls: readonly Call[], when: "at once" | "one after the other"): Promise<void> {
  if (opened.protocol === "http" || opened.protocol === "https") return writeText(opened, calls, when);
  const client = createClient(opened);
  for (const call of calls) await client.send(call);
  client.close();
}

/** By text, which no client of Node's would send so. */
function writeText({ protocol, port }: Opened, calls: readonly Call[], when: "at once" | "one after the other"): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = { port, host: "127.0.0.1", rejectUnauthorized: false };
    const socket = protocol === "http" ? connect(options) : connectTls(options);
    let text = "";
    let answered = 0;
    socket.setEncoding("utf8").on("data", (piece) => {
      text += piece;
      for (; answered < calls.length && text.includes(`"done":"${calls[answered]?.id}"`); answered += 1) {
        const next = calls[answered + 1];
        if (when === "one after the other" && next !== undefined) socket.write(textOf(next));
      }
      if (answered === calls.length) socket.destroy();
    });
    socket.on("error", reject);
    socket.on("close", () => (answered === calls.length ? resolve() : reject(new Error(`${answered} answers: ${text}`))));
    socket.write(
      calls
        .slice(0, when === "at once" ? undefined : 1)
        .map(textOf)
        .join(""),
    );
  });
}

function textOf({ path, id, name }: Call): string {
  const header = name === undefined ? "" : `${HEADER}: ${name}\r\n`;
  const type = "content-type: application/octet-stream\r\ncontent-length: 4\r\n";
  return `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\n${ID}: ${id}\r\n${header}${type}\r\nbody`;
}
