import { createServer, type Server } from "node:http";

/** What a workload saw. */
export interface Arrival {
  readonly workload: string;
  /** Each `virtual-cluster-name` header line as it arrived. */
  readonly header: readonly string[];
}

/** Servers on ports of 127.0.0.1 that answer with the name of their workload and the header that they got. */
export async function startEchoWorkloads(
  places: readonly { readonly workload: string; readonly port: number }[],
): Promise<{ close: () => Promise<void> }> {
  const servers = await Promise.all(places.map(({ workload, port }) => startEcho(workload, port)));
  return {
    close: async () => {
      await Promise.all(
        servers.map((server) => {
          server.closeAllConnections();
          return new Promise((resolve) => server.close(resolve));
        }),
      );
    },
  };
}

async function startEcho(workload: string, port: number): Promise<Server> {
  const server = createServer((request, response) => {
    const header = request.rawHeaders.filter(
      (_, index) => index % 2 === 1 && request.rawHeaders[index - 1]?.toLowerCase() === "virtual-cluster-name",
    );
    response.end(JSON.stringify({ workload, header } satisfies Arrival));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return server;
}
