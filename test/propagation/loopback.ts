import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** A server on a free port of a loopback address. */
export interface Loopback {
  readonly origin: string;
  readonly port: number;
  close(): Promise<void>;
}

/** Starts a listener on a free port. */
export async function listen(listener: RequestListener, address = "127.0.0.1"): Promise<Loopback> {
  return listenOn(createServer(listener), address);
}

/** Starts a server on a free port. */
export async function listenOn(server: Server, address = "127.0.0.1"): Promise<Loopback> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, address, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://${address}:${port}`,
    port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The values of a header as they came over the wire, one for each time that it was sent. */
export function valuesOnTheWire(request: IncomingMessage, header: string): string[] {
  return request.rawHeaders.filter((_, index) => index % 2 === 1 && request.rawHeaders[index - 1]?.toLowerCase() === header);
}
