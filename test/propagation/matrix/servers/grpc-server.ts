import { setTimeout as sleep } from "node:timers/promises";
import grpc, { type ServiceDefinition } from "@grpc/grpc-js";
import { HEADER } from "../../requests.ts";
import { answerText, readWish } from "./answer.ts";
import type { HopLog, Place } from "./hops.ts";

const text = { serialize: (value: string) => Buffer.from(value), deserialize: (bytes: Buffer) => bytes.toString() };

function method(path: string, requestStream: boolean, responseStream: boolean) {
  return {
    path,
    requestStream,
    responseStream,
    requestSerialize: text.serialize,
    requestDeserialize: text.deserialize,
    responseSerialize: text.serialize,
    responseDeserialize: text.deserialize,
  };
}

/** A service of texts. The first message of every call is the URL that says what to do, as for the other servers. */
export const echoService = {
  unary: method("/puggle.Echo/Unary", false, false),
  clientStream: method("/puggle.Echo/ClientStream", true, false),
  serverStream: method("/puggle.Echo/ServerStream", false, true),
  bidi: method("/puggle.Echo/Bidi", true, true),
} satisfies ServiceDefinition;

/** Starts a gRPC server of that service on a free port. */
export async function startGrpcServer(
  place: Place,
  hops: HopLog,
  host: string,
): Promise<{ readonly origin: string; close(): Promise<void> }> {
  const server = new grpc.Server();

  async function answer(url: string, metadata: grpc.Metadata, call: { getPeer(): string }, received: number): Promise<string | undefined> {
    const { path, id, delay } = readWish(url);
    const names = metadata.get(HEADER).map(String);
    const { hop, leave } = hops.enter(id, place, names, connectionOf(call.getPeer()));
    hop.received = received;
    if (path === "/hang") return undefined;
    await sleep(delay);
    leave();
    return answerText(id, names);
  }

  const peers = new Map<string, object>();
  const connectionOf = (peer: string): object => {
    const known = peers.get(peer) ?? {};
    peers.set(peer, known);
    return known;
  };

  // gRPC's `end` takes no message, but metadata.
  function sendLast(call: { write(message: string): unknown; end(): unknown }, answered: string): void {
    call.write(answered);
    call.end();
  }

  type Stream = {
    readonly metadata: grpc.Metadata;
    getPeer(): string;
    on(event: "data", listener: (message: string) => void): unknown;
    once(event: "end", listener: () => void): unknown;
  };
  // Not by iteration, which on some versions destroys a stream that is still to be written to.
  function readStream(call: Stream): Promise<{ readonly url: string; readonly received: number }> {
    const messages: string[] = [];
    call.on("data", (message) => messages.push(message));
    return new Promise((resolve) => {
      call.once("end", () => resolve({ url: messages[0] ?? "", received: messages.slice(1).join("").length }));
    });
  }

  server.addService(echoService, {
    unary: async (call: grpc.ServerUnaryCall<string, string>, callback: grpc.sendUnaryData<string>) => {
      const answered = await answer(call.request, call.metadata, call, 0);
      if (answered !== undefined) callback(null, answered);
    },
    serverStream: async (call: grpc.ServerWritableStream<string, string>) => {
      const answered = await answer(call.request, call.metadata, call, 0);
      if (answered !== undefined) sendLast(call, answered);
    },
    clientStream: async (call: grpc.ServerReadableStream<string, string>, callback: grpc.sendUnaryData<string>) => {
      const { url, received } = await readStream(call);
      const answered = await answer(url, call.metadata, call, received);
      if (answered !== undefined) callback(null, answered);
    },
    bidi: async (call: grpc.ServerDuplexStream<string, string>) => {
      const { url, received } = await readStream(call);
      const answered = await answer(url, call.metadata, call, received);
      if (answered !== undefined) sendLast(call, answered);
    },
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${host}:0`, grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return {
    origin: `http://${host}:${port}`,
    close: async () => server.forceShutdown(),
  };
}
