import { PlainServer } from "../plain-server.ts";

const NAME = /\r\n(?:virtual-cluster-name: |baggage:[^\r]*\bvirtual-cluster-name=)([^\r,;]+)/i;

/** The server behind the service: it answers with the name that it was sent, be it in the header or in baggage. */
export function createDownstream(): PlainServer {
  return new PlainServer((head) => {
    const name = NAME.exec(`${head}\r\n`)?.[1] ?? "none";
    return `HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: ${name.length}\r\n\r\n${name}`;
  });
}
