import { waysOfAxios } from "./axios.ts";
import { waysBuiltIn } from "./built-in.ts";
import { waysOfGot } from "./got.ts";
import { waysOfGrpc } from "./grpc.ts";
import { versionOf } from "./installed.ts";
import { waysOfNodeFetch } from "./node-fetch.ts";
import { waysOfNodeHttp } from "./node-http.ts";
import { waysOfNodeHttp2 } from "./node-http2.ts";
import { waysOfSuperagent } from "./superagent.ts";
import { waysOfUndici } from "./undici.ts";
import type { WayOut } from "./way.ts";
import { waysOfWs } from "./ws.ts";

export type { CheckName, OpenedWay } from "./way.ts";

/** A way, with the version of the package that has it; Node.js's own have none. */
export type VersionedWayOut = WayOut & { readonly version: string | undefined };

const ways: readonly WayOut[] = [
  ...waysOfNodeHttp,
  ...waysOfNodeHttp2,
  ...waysBuiltIn,
  ...waysOfUndici("undici6", () => import("undici6")),
  ...waysOfUndici("undici7", () => import("undici7")),
  ...waysOfUndici("undici", () => import("undici")),
  ...waysOfAxios,
  ...waysOfGot,
  ...waysOfNodeFetch,
  ...waysOfSuperagent,
  ...waysOfWs,
  ...waysOfGrpc,
];

/** Every way for a service to call another that the library covers. */
export const waysOut: readonly VersionedWayOut[] = ways.map((way) => ({ ...way, version: versionOf(way) }));
