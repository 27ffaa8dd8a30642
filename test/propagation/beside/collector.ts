import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo } from "node:net";
import { listen, valuesOnTheWire } from "../loopback.ts";
import { HEADER } from "../requests.ts";

/** What takes OpenTelemetry's batches, on a loopback address. */
export interface Collector {
  readonly origin: string;
  /** The paths that batches were sent to, each with the names that came along. */
  readonly batches: { readonly path: string; readonly names: readonly string[] }[];
  close(): Promise<void>;
}

/** Takes OTLP over HTTP. */
export async function collectOverHttp(): Promise<Collector> {
  const batches: Collector["batches"] = [];
  const { origin, close } = await listen((request, response) => {
    request.resume();
    request.on("end", () => {
      batches.push({ path: request.url ?? "", names: valuesOnTheWire(request, HEADER) });
      const type = request.headers["content-type"] ?? "";
      // No bytes are an empty message of protobuf.
      response.writeHead(200, { "content-type": type }).end(type.includes("json") ? "{}" : "");
    });
  });
  return { origin, batches, close };
}

/** Takes OTLP over gRPC: every call is answered with an empty message, as all of OTLP's may be. */
export async function collectOverGrpc(): Promise<Collector> {
  const batches: Collector["batches"] = [];
  const server = createHttp2Server();
  server.on("stream", (stream, headers) => {
    stream.resume();
    batches.push({ path: String(headers[":path"]), names: [headers[HEADER] ?? []].flat() });
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(Buffer.alloc(5));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    batches,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
