/** Sends requests by some connections that stay open, for as long as each message says, and answers with how many were answered. */
import { Connection } from "../propagation/connection.ts";

export interface LoadOrder {
  readonly host: string;
  /** Of the service; connections are redirected to the sidecar. */
  readonly address: string;
  readonly virtualCluster: string | undefined;
  readonly milliseconds: number;
}

const CONNECTIONS = 8;
const connections = new Map<string, readonly Connection[]>();

async function send({ host, address, virtualCluster, milliseconds }: LoadOrder): Promise<number> {
  const named = virtualCluster === undefined ? "" : `virtual-cluster-name: ${virtualCluster}\r\n`;
  const request = `GET / HTTP/1.1\r\nHost: ${host}\r\n${named}\r\n`;
  const open = connections.get(address) ?? (await Promise.all(Array.from({ length: CONNECTIONS }, () => Connection.open(80, address))));
  connections.set(address, open);
  const deadline = performance.now() + milliseconds;
  let answered = 0;
  const wanted = virtualCluster === undefined ? "baseline" : "member";
  const one = async (connection: Connection) => {
    while (performance.now() < deadline) {
      const body = await connection.send(request);
      if (body !== wanted) throw new Error(`${host} was answered by ${body}, and ${wanted} was asked`);
      answered += 1;
    }
  };
  await Promise.all(open.map(one));
  return answered;
}

process.on("message", async (order: LoadOrder) => process.send?.(await send(order)));
process.send?.("ready");
