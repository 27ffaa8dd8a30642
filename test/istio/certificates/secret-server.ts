import { Server, ServerCredentials, type ServerDuplexStream } from "@grpc/grpc-js";
import protobuf from "protobufjs";
import type { Authority } from "./authority.ts";

const METHOD = "/envoy.service.secret.v3.SecretDiscoveryService/StreamSecrets";
const SECRET_TYPE = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";
/** What Istio's sidecars call their own certificate, and the one by which they judge others'. */
const OWN = "default";
const ROOT = "ROOTCA";

/** What of Envoy's secret discovery is spoken here. */
const { root } = protobuf.parse(
  `
  syntax = "proto3";
  message Node { string id = 1; }
  message Request { string version_info = 1; Node node = 2; repeated string resource_names = 3; string response_nonce = 5; }
  message Any { string type_url = 1; bytes value = 2; }
  message Response { string version_info = 1; repeated Any resources = 2; string type_url = 4; string nonce = 5; }
  message Source { string inline_string = 3; }
  message Certificate { Source certificate_chain = 1; Source private_key = 2; }
  message Validation { Source trusted_ca = 1; }
  message Secret { string name = 1; Certificate tls_certificate = 2; Validation validation_context = 4; }
`,
  { keepCase: true },
);

interface Request {
  readonly response_nonce: string;
  readonly node?: { readonly id: string };
  readonly resource_names: readonly string[];
}

export interface SecretServer {
  readonly port: number;
  readonly stop: () => Promise<void>;
}

/** Gives each sidecar the certificate of its pod's namespace, as Istio's agent would that runs beside it. */
export async function startSecretServer(address: string, authority: Authority): Promise<SecretServer> {
  const server = new Server();
  const answer = async (id: string, names: readonly string[]): Promise<object> => {
    const secrets = await Promise.all(names.map((name) => describeSecret(name, id, authority)));
    const Secret = root.lookupType("Secret");
    const resources = secrets.map((secret) => ({ type_url: SECRET_TYPE, value: Secret.encode(secret).finish() }));
    return { version_info: "1", nonce: "1", type_url: SECRET_TYPE, resources };
  };
  const stream = (call: ServerDuplexStream<Request, object>) => {
    let id = "";
    call.on("data", ({ node, resource_names: names, response_nonce: nonce }: Request) => {
      id = node?.id || id;
      // With a nonce it says that it has taken an answer, or why not.
      if (nonce === "")
        answer(id, names).then(
          (secrets) => call.write(secrets),
          (error: Error) => call.destroy(error),
        );
    });
    call.on("end", () => call.end());
    call.on("error", () => undefined);
  };
  const [Incoming, Outgoing] = [root.lookupType("Request"), root.lookupType("Response")];
  server.addService(
    {
      StreamSecrets: {
        path: METHOD,
        requestStream: true,
        responseStream: true,
        requestSerialize: (value: object) => Buffer.from(Incoming.encode(value).finish()),
        requestDeserialize: (bytes: Buffer) => Incoming.toObject(Incoming.decode(bytes), { defaults: true }) as Request,
        responseSerialize: (value: object) => Buffer.from(Outgoing.encode(value).finish()),
        responseDeserialize: (bytes: Buffer) => Outgoing.decode(bytes),
      },
    },
    { StreamSecrets: stream },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${address}:0`, ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { port, stop: async () => server.forceShutdown() };
}

async function describeSecret(name: string, id: string, { root: trusted, certify }: Authority): Promise<object> {
  if (name === ROOT) return { name, validation_context: { trusted_ca: { inline_string: trusted } } };
  if (name !== OWN) throw new Error(`a sidecar asked for the secret ${name}, which nobody has`);
  // A node's id is sidecar~<address>~<pod>.<namespace>~<domain>.
  const namespace = /^[^~]*~[^~]*~[^~]*\.([^.~]+)~/.exec(id)?.[1];
  if (namespace === undefined) throw new Error(`the sidecar ${id} is of no namespace`);
  const { chain, key } = await certify(`spiffe://cluster.local/ns/${namespace}/sa/default`);
  return { name, tls_certificate: { certificate_chain: { inline_string: chain }, private_key: { inline_string: key } } };
}
