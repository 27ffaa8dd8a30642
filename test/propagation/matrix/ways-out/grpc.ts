import { AsyncResource } from "node:async_hooks";
import type { ClientDuplexStream, Metadata } from "@grpc/grpc-js";
import { echoService } from "../servers/grpc-server.ts";
import { noteEvents, type OpenedWay, reasons, type SendOptions, type WayOut } from "./way.ts";

const noRedirects = { "redirect to a target": reasons.noRedirects, "redirect to another host": reasons.noRedirects };

type Method = keyof typeof echoService;
/** The calls of all four methods, as far as this file needs them. */
type Call = ClientDuplexStream<string, string>;
type Start = (client: Client, url: string, metadata: Metadata, callback: (error: unknown, answer: string | undefined) => void) => Call;
interface Client {
  close(): void;
  [method: string]: unknown;
}

const start: Readonly<Record<Method, Start>> = {
  unary: (client, url, metadata, callback) => invoke(client, "unary", url, metadata, callback),
  serverStream: (client, url, metadata) => invoke(client, "serverStream", url, metadata),
  clientStream: (client, url, metadata, callback) => withFirst(url, invoke(client, "clientStream", metadata, callback)),
  bidi: (client, url, metadata) => withFirst(url, invoke(client, "bidi", metadata)),
};

/** The four kinds of gRPC calls. */
export const waysOfGrpc: readonly WayOut[] = [
  wayOf("unary", { "streamed body": reasons.noBody }),
  wayOf("serverStream", { "streamed body": reasons.noBody }),
  wayOf("clientStream", {}),
  wayOf("bidi", {}),
];

function wayOf(method: Method, cannot: WayOut["cannot"]): WayOut {
  const kinds: Readonly<Record<Method, string>> = {
    unary: "unary",
    serverStream: "server stream",
    clientStream: "client stream",
    bidi: "bidirectional",
  };
  return {
    name: `gRPC ${kinds[method]}`,
    package: "@grpc/grpc-js",
    server: "grpc",
    cannot: { ...noRedirects, ...cannot },
    open: () => open(method),
  };
}

function invoke(client: Client, method: Method, ...rest: unknown[]): Call {
  return (client[method] as (...all: unknown[]) => Call).apply(client, rest);
}

function withFirst(url: string, call: Call): Call {
  call.write(url);
  return call;
}

async function open(method: Method): Promise<OpenedWay> {
  const { default: grpc } = await import("@grpc/grpc-js");
  const Client = grpc.makeGenericClientConstructor(echoService, "Echo");
  const clients = new Map<string, Client>();

  function send(url: string, { headers = {}, signal, body, note }: SendOptions = {}): Promise<string> {
    const { host } = new URL(url);
    const client = clients.get(host) ?? (new Client(host, grpc.credentials.createInsecure()) as unknown as Client);
    clients.set(host, client);
    const metadata = new grpc.Metadata();
    for (const [key, value] of Object.entries(headers)) metadata.set(key, value);
    return new Promise((resolve, reject) => {
      const call = start[method](client, url, metadata, (error, answer) => {
        note?.("callback");
        if (answer === undefined) reject(error);
        else resolve(answer);
      });
      noteEvents(call, "call", ["metadata", "status", "error"], note);
      if (method === "serverStream" || method === "bidi") {
        noteEvents(call, "call", ["data", "end"], note);
        let text = "";
        call.on("data", (message) => {
          text += message;
        });
        call.on("end", () => resolve(text));
      }
      call.on("error", reject);
      // It takes no signal: a service calls `cancel` from its own code.
      signal?.addEventListener(
        "abort",
        AsyncResource.bind(() => call.cancel()),
      );
      if (method === "clientStream" || method === "bidi") void writeAll(call, body).catch(reject);
    });
  }

  return {
    send,
    close: async () => {
      for (const client of clients.values()) client.close();
    },
  };
}

async function writeAll(call: Call, body: SendOptions["body"]): Promise<void> {
  for await (const chunk of body ?? []) call.write(Buffer.from(chunk).toString());
  call.end();
}
