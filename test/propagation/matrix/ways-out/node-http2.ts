import { type ClientHttp2Session, connect } from "node:http2";
import { Readable } from "node:stream";
import { selfSigned } from "../../self-signed.ts";
import { noteEvents, type OpenedWay, reasons, type WayOut } from "./way.ts";

const cannot = { "redirect to a target": reasons.noRedirects, "redirect to another host": reasons.noRedirects };

/** The ways of `node:http2`: one session for each origin, opened in the scope of whoever comes first. */
export const waysOfNodeHttp2: readonly WayOut[] = [
  { name: "node:http2 over TLS", server: "h2", cannot, open },
  { name: "node:http2 in the clear", server: "h2c", cannot, open },
];

async function open(): Promise<OpenedWay> {
  const sessions = new Map<string, ClientHttp2Session>();
  const sessionOf = (origin: string): ClientHttp2Session => {
    const session = sessions.get(origin) ?? connect(origin, { ca: selfSigned.cert }).on("error", () => {});
    sessions.set(origin, session);
    return session;
  };
  return {
    send: (url, { headers = {}, signal, body, note } = {}) =>
      new Promise((resolve, reject) => {
        const { origin, pathname, search } = new URL(url);
        const method = body === undefined ? "GET" : "POST";
        const options = { endStream: body === undefined, ...(signal === undefined ? {} : { signal }) };
        const stream = sessionOf(origin).request({ ":path": pathname + search, ":method": method, ...headers }, options);
        noteEvents(stream, "stream", ["ready", "response", "data", "end", "close", "error"], note);
        let text = "";
        stream.setEncoding("utf8").on("data", (chunk) => {
          text += chunk;
        });
        stream.on("end", () => resolve(text));
        stream.on("error", reject);
        if (body !== undefined) Readable.from(body).pipe(stream);
      }),
    close: async () => {
      for (const session of sessions.values()) session.destroy();
    },
  };
}
