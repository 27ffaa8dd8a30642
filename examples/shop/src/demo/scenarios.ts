import type { Hop } from "./path.ts";

/** What somebody sends to the gateway. */
export interface Ask {
  readonly method?: "GET" | "POST";
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request and the way that it must take. */
export interface Journey {
  readonly ask: Ask;
  readonly expected: readonly Hop[];
}

/** A row of the demo's table. */
export type Scenario = {
  /** Stable; `--json` names it. */
  readonly name: string;
  readonly title: string;
} & (
  | ({ readonly kind: "request" } & Journey)
  | { readonly kind: "interleaved"; readonly times: number; readonly journeys: readonly Journey[] }
  | {
      readonly kind: "cron";
      readonly service: string;
      readonly virtualCluster?: string;
      readonly isNameless?: true;
      readonly expected: readonly Hop[];
    }
);

const into = (virtualCluster: string) => ({ "virtual-cluster-name": virtualCluster });
const product = (virtualCluster?: string): Ask => ({
  path: "/products/1",
  ...(virtualCluster === undefined ? {} : { headers: into(virtualCluster) }),
});
const checkout = (virtualCluster: string): Ask => ({ method: "POST", path: "/checkout", headers: into(virtualCluster) });

/** These services, at each of which this header arrives. */
const carrying = (header: string | null, path: string): Hop[] => path.split(" → ").map((at) => ({ at, header }));

const plain: Journey = { ask: product(), expected: carrying(null, "web → catalog → pricing → inventory") };
const pr42: Journey = { ask: product("pr-42"), expected: carrying("pr-42", "web → catalog@pr-42 → pricing → inventory@pr-42") };
const teamBlue: Journey = {
  ask: product("team-blue"),
  expected: carrying("team-blue", "web → catalog → pricing@team-blue → inventory@team-blue"),
};

/** What the demo asks, and what must come out. */
export const scenarios: readonly Scenario[] = [
  { name: "plain", title: "A plain request: the baseline all the way", kind: "request", ...plain },
  {
    name: "through-baseline",
    title: "Into team-blue, through baselines that only pass the name on",
    kind: "request",
    ...teamBlue,
  },
  { name: "service-miss", title: "Into pr-42, which has no pricing: a service miss in the middle", kind: "request", ...pr42 },
  {
    name: "first-service",
    title: "Into new-look, whose one member is the first service",
    kind: "request",
    ask: product("new-look"),
    expected: carrying("new-look", "web@new-look → catalog → pricing → inventory"),
  },
  {
    name: "unknown",
    title: "A virtual cluster that does not exist",
    kind: "request",
    ask: product("pr-999"),
    expected: carrying("pr-999", "web → catalog → pricing → inventory"),
  },
  {
    name: "two-names",
    title: "Two names in one header: nobody can tell which, so neither",
    kind: "request",
    ask: product("pr-42, team-blue"),
    expected: [...carrying("pr-42, team-blue", "web"), ...carrying(null, "catalog → pricing → inventory")],
  },
  {
    name: "baggage",
    title: "The name in W3C baggage, as OpenTelemetry carries it in any language",
    kind: "request",
    ask: { path: "/products/1", headers: { baggage: "virtual-cluster-name=team-blue" } },
    expected: [...carrying(null, "web"), ...carrying("team-blue", "catalog → pricing@team-blue → inventory@team-blue")],
  },
  {
    name: "node-http",
    title: "Through a service that calls with plain node:http",
    kind: "request",
    ask: { path: "/cart", headers: into("team-blue") },
    expected: carrying("team-blue", "web → cart → pricing@team-blue → inventory@team-blue"),
  },
  {
    name: "cron-of-baseline",
    title: "The baseline's cron, which no request started",
    kind: "cron",
    service: "pricing",
    expected: carrying(null, "pricing → inventory"),
  },
  {
    name: "cron-of-member",
    title: "A member's cron: its environment says where it belongs",
    kind: "cron",
    service: "pricing",
    virtualCluster: "team-blue",
    expected: carrying("team-blue", "pricing@team-blue → inventory@team-blue"),
  },
  {
    name: "nameless-cron-of-member",
    title: "The same where the process knows no name: its sidecar's Lua adds it",
    kind: "cron",
    service: "pricing",
    virtualCluster: "team-blue",
    isNameless: true,
    expected: [
      { at: "pricing@team-blue", header: null },
      { at: "inventory@team-blue", header: "team-blue" },
    ],
  },
  {
    name: "outside-from-baseline",
    title: "A baseline calls a host that is no target",
    kind: "request",
    ask: checkout("team-blue"),
    expected: [...carrying("team-blue", "web → cart"), ...carrying(null, "api.payments.example")],
  },
  {
    name: "outside-from-member",
    title: "A member calls a host that is no target",
    kind: "request",
    ask: checkout("pr-42"),
    expected: [...carrying("pr-42", "web → cart@pr-42"), ...carrying(null, "api.payments.example")],
  },
  {
    name: "interleaved",
    title: "Two virtual clusters and plain requests at once, never mixed",
    kind: "interleaved",
    times: 50,
    journeys: [pr42, teamBlue, plain],
  },
];
