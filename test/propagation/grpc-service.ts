import * as grpc from "@grpc/grpc-js";
import { HEADER } from "./requests.ts";

/** What travels in both directions: JSON. */
export type Message = Readonly<Record<string, unknown>>;

/** What the answers of the echoing service are. */
export interface GrpcEcho extends Message {
  readonly names: string[];
  readonly baggage: string[];
}

const serialize = (message: Message): Buffer => Buffer.from(JSON.stringify(message));
const deserialize = (bytes: Buffer): Message => JSON.parse(bytes.toString());

function method(name: string, requestStream: boolean, responseStream: boolean) {
  return {
    path: `/puggle.Test/${name}`,
    requestStream,
    responseStream,
    requestSerialize: serialize,
    requestDeserialize: deserialize,
    responseSerialize: serialize,
    responseDeserialize: deserialize,
  };
}

/** A service with one method of each of the four kinds, as generated code would have it. */
export const definition = {
  unary: method("Unary", false, false),
  clientStream: method("ClientStream", true, false),
  serverStream: method("ServerStream", false, true),
  bidi: method("Bidi", true, true),
} as const;

export const kinds = Object.keys(definition) as readonly (keyof typeof definition)[];

const TestClient = grpc.makeGenericClientConstructor(definition, "Test");

/** The methods that a generated client has. */
export interface TestClient extends grpc.Client {
  unary(message: Message, ...rest: unknown[]): grpc.ClientUnaryCall;
  clientStream(...rest: unknown[]): grpc.ClientWritableStream<Message>;
  serverStream(message: Message, ...rest: unknown[]): grpc.ClientReadableStream<GrpcEcho>;
  bidi(...rest: unknown[]): grpc.ClientDuplexStream<Message, GrpcEcho>;
}

export function createClient(target: string, options: grpc.ClientOptions = {}): TestClient {
  return new TestClient(target, grpc.credentials.createInsecure(), options) as unknown as TestClient;
}

/** Starts a service on a free port of the loopback address, or where told. */
export async function serve(
  implementation: grpc.UntypedServiceImplementation,
  at = "127.0.0.1:0",
): Promise<{ readonly target: string; readonly port: number; close(): void }> {
  const server = new grpc.Server();
  server.addService(definition, implementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(at, grpc.ServerCredentials.createInsecure(), (error, bound) => (error === null ? resolve(bound) : reject(error)));
  });
  return { target: `127.0.0.1:${port}`, port, close: () => server.forceShutdown() };
}

/** Tells the client what came in the metadata, after a while. */
export function createEcho(pause: () => Promise<unknown> = () => Promise.resolve()): grpc.UntypedServiceImplementation {
  const seenIn = (metadata: grpc.Metadata): GrpcEcho => ({
    names: metadata.get(HEADER).map(String),
    baggage: metadata.get("baggage").map(String),
  });
  return {
    unary: async (call: grpc.ServerUnaryCall<Message, Message>, callback: grpc.sendUnaryData<Message>) => {
      await pause();
      callback(null, seenIn(call.metadata));
    },
    clientStream: (call: grpc.ServerReadableStream<Message, Message>, callback: grpc.sendUnaryData<Message>) => {
      call.on("error", () => {});
      call.resume();
      call.on("end", async () => {
        await pause();
        callback(null, seenIn(call.metadata));
      });
    },
    serverStream: async (call: grpc.ServerWritableStream<Message, Message>) => {
      await pause();
      call.write(seenIn(call.metadata));
      await pause();
      call.end();
    },
    bidi: (call: grpc.ServerDuplexStream<Message, Message>) => {
      call.on("error", () => {});
      call.on("data", async () => {
        await pause();
        call.write(seenIn(call.metadata));
      });
      call.on("end", async () => {
        await pause();
        await pause();
        setTimeout(() => call.end(), 10);
      });
    },
  };
}

/** Makes a call of any kind, tells of each of its events, and gives the answer. */
export function callGrpc(
  client: TestClient,
  kind: keyof typeof definition,
  options: { readonly metadata?: grpc.Metadata; readonly callOptions?: grpc.CallOptions; note?(event: string): void } = {},
): Promise<GrpcEcho> {
  const { metadata = new grpc.Metadata(), callOptions = {}, note = () => {} } = options;
  return new Promise((resolve, reject) => {
    let answer: GrpcEcho | undefined;
    const callback = (error: grpc.ServiceError | null, message?: GrpcEcho) => {
      note("callback");
      if (error === null && message !== undefined) answer = message;
      else reject(error);
    };
    const follow = (call: grpc.ClientUnaryCall | grpc.ClientWritableStream<Message> | grpc.ClientReadableStream<GrpcEcho>) => {
      for (const event of ["metadata", "end", "finish", "drain", "close"]) (call as NodeJS.EventEmitter).on(event, () => note(event));
      (call as NodeJS.EventEmitter).on("error", (error) => {
        note("error");
        reject(error);
      });
      (call as NodeJS.EventEmitter).on("status", ({ code }: grpc.StatusObject) => {
        note("status");
        // The last event of a stream with answers is `end`, in its own time.
        if (code === grpc.status.OK && answer !== undefined) resolve(answer);
      });
      return call;
    };
    const read = (call: grpc.ClientReadableStream<GrpcEcho>) =>
      call.on("data", (message: GrpcEcho) => {
        note("data");
        answer = message;
      });
    if (kind === "unary") follow(client.unary({}, metadata, callOptions, callback));
    if (kind === "serverStream") read(follow(client.serverStream({}, metadata, callOptions)) as grpc.ClientReadableStream<GrpcEcho>);
    if (kind === "clientStream") {
      const call = client.clientStream(metadata, callOptions, callback);
      follow(call);
      call.write({ part: 1 }, () => note("written"));
      call.end({ part: 2 });
    }
    if (kind === "bidi") {
      const call = client.bidi(metadata, callOptions);
      read(follow(call) as grpc.ClientReadableStream<GrpcEcho>);
      call.write({ part: 1 }, () => note("written"));
      call.end({ part: 2 });
    }
  });
}
