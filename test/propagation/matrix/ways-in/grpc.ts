import assert from "node:assert/strict";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import grpc from "@grpc/grpc-js";
import { listen, valuesOnTheWire } from "../../loopback.ts";
import { HEADER } from "../../requests.ts";
import { echoService } from "../servers/grpc-server.ts";
import { checkPlaces, inOwnVirtualCluster, namedInFlight, names, outcomeOf, until } from "./expectations.ts";
import { ID, look, sightingsOf } from "./sightings.ts";
import { versionOf } from "./versions.ts";
import type { OtherWayIn } from "./way.ts";

/** The four kinds of calls of a gRPC server, over one channel. */
export const grpcWay: OtherWayIn = { way: "gRPC (@grpc/grpc-js)", version: versionOf("@grpc/grpc-js"), by: "preload", check: checkGrpc };

type Kind = keyof typeof echoService;

/** Where each kind of call looks. */
const PLACES: Readonly<Record<Kind, readonly string[]>> = {
  unary: ["at once", "after the call"],
  clientStream: ["at once", "data", "end", "after the call"],
  serverStream: ["at once", "after the call", "finish"],
  bidi: ["at once", "data", "end", "after the call", "finish"],
};

type Call = grpc.ServerUnaryCall<string, string> & grpc.ServerDuplexStream<string, string>;

async function checkGrpc() {
  const headers = new Map<string, readonly string[]>();
  const downstream = await listen((request, response) => {
    headers.set(request.url ?? "", valuesOnTheWire(request, HEADER));
    response.end("{}");
  });
  const server = new grpc.Server();
  const answer = async (call: Call): Promise<string> => {
    const id = String(call.metadata.get(ID)[0]);
    look(id, "at once");
    for (const event of ["data", "end", "finish", "cancelled"]) call.on(event, () => look(id, event));
    if (id.startsWith("abort")) {
      await once(call, "cancelled");
      look(id, "after the call");
      return id;
    }
    if (/^(?:clientStream|bidi)/.test(id)) await once(call, "end");
    await sleep(Math.random() * 5);
    await fetch(`${downstream.origin}/${encodeURIComponent(id)}`);
    look(id, "after the call");
    if (id.includes("fail")) throw Object.assign(new Error("meant to fail"), { code: grpc.status.ABORTED });
    return id;
  };
  const withCallback = (call: Call, callback: grpc.sendUnaryData<string>) => {
    answer(call).then((text) => callback(null, text), callback);
  };
  const withStream = (call: Call) => {
    answer(call).then(
      (text) => call.write(text, () => call.end()),
      (error) => call.emit("error", error),
    );
  };
  server.addService(echoService, { unary: withCallback, clientStream: withCallback, serverStream: withStream, bidi: withStream } as never);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  const Client = grpc.makeGenericClientConstructor(echoService, "WaysIn");
  const client = new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure()) as unknown as Starter;
  const checkEach = async (kind: Kind, what: string, unnamed?: string) => {
    const given = names(24).map((name, index) => ({ name, id: `${kind} ${what} ${index}` }));
    await Promise.all(given.map(({ name, id }) => send(client, kind, id, name)));
    await until(() => given.every(({ id }) => PLACES[kind].every((place) => place in sightingsOf(id))));
    for (const { name, id } of given) {
      checkPlaces(id, name ?? unnamed, PLACES[kind]);
      assert.deepEqual(
        headers.get(`/${encodeURIComponent(id)}`),
        [name ?? unnamed].filter((each) => each !== undefined),
        id,
      );
    }
  };
  const outcomes = {
    unary: await outcomeOf(() => checkEach("unary", "call")),
    "client stream": await outcomeOf(() => checkEach("clientStream", "call")),
    "server stream": await outcomeOf(() => checkEach("serverStream", "call")),
    bidirectional: await outcomeOf(() => checkEach("bidi", "call")),
    "handler that fails": await outcomeOf(async () => {
      const given = names(6).map((name, index) => ({ name, id: `unary fail ${index}` }));
      for (const { name, id } of given) await assert.rejects(send(client, "unary", id, name), { code: grpc.status.ABORTED });
      for (const { name, id } of given) checkPlaces(id, name, PLACES.unary);
    }),
    "client abort": await outcomeOf(async () => {
      const given = names(6).map((name, index) => ({ name, id: `abort ${index}` }));
      const calls = given.map(({ name, id }) => start(client, "unary", id, name, () => {}));
      await until(() => given.every(({ id }) => "at once" in sightingsOf(id)));
      for (const call of calls) call.cancel();
      await until(() => given.every(({ id }) => "after the call" in sightingsOf(id)));
      for (const { name, id } of given) checkPlaces(id, name, ["at once", "cancelled", "after the call"]);
    }),
    "the process's own virtual cluster": await outcomeOf(() =>
      inOwnVirtualCluster("vc-own", true, () => checkEach("bidi", "own", "vc-own")),
    ),
    "nothing is left in flight": await outcomeOf(() =>
      until(
        () => namedInFlight() === 0,
        () => `${namedInFlight()} calls count as in flight`,
      ),
    ),
  };
  client.close();
  server.forceShutdown();
  await downstream.close();
  return outcomes;
}

type Started = grpc.ClientDuplexStream<string, string>;
type Starter = Record<Kind, (...values: unknown[]) => Started> & { close(): void };
type Callback = (error: grpc.ServiceError | null, answer?: string) => void;

function start(client: Starter, kind: Kind, id: string, name: string | undefined, callback: Callback): Started {
  const metadata = new grpc.Metadata();
  metadata.set(ID, id);
  if (name !== undefined) metadata.set(HEADER, name);
  const { requestStream, responseStream } = echoService[kind];
  return client[kind](...(requestStream ? [] : ["first"]), metadata, ...(responseStream ? [] : [callback]));
}

function send(client: Starter, kind: Kind, id: string, name: string | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const call = start(client, kind, id, name, (error) => (error === null ? resolve() : reject(error)));
    const { requestStream, responseStream } = echoService[kind];
    if (responseStream)
      call
        .on("data", () => {})
        .on("end", resolve)
        .on("error", reject);
    if (!requestStream) return;
    call.write("first");
    setTimeout(() => call.end(), 4);
  });
}
