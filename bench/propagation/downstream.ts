import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** The server behind the service: it answers with the name that it was sent, be it in the header or in baggage. */
export async function startDownstream(): Promise<{ readonly port: number; readonly server: Server }> {
  const server = createServer((request, response) => {
    const baggage = /(?:^|,)virtual-cluster-name=([^,;]+)/.exec(String(request.headers.baggage ?? ""));
    response.end(`${request.headers["virtual-cluster-name"] ?? baggage?.[1] ?? "none"}`);
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as AddressInfo).port, server };
}
