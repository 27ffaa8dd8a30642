import { ORDER, SHOP_HOST } from "./ask.ts";
import type { Ask, Scenario } from "./scenarios.ts";

/** A command to try while the shop runs. */
export interface Command {
  readonly about: string;
  readonly command: string;
}

/** The scenarios that a person can send, as curl commands that work as they are printed. */
export function curlCommands(scenarios: readonly Scenario[], gatewayUrl: string): Command[] {
  return scenarios.flatMap((scenario) =>
    scenario.kind === "request" ? [{ about: scenario.title, command: curl(scenario.ask, gatewayUrl) }] : [],
  );
}

function curl({ method = "GET", path, headers = {} }: Ask, gatewayUrl: string): string {
  const sent = { host: SHOP_HOST, ...(method === "POST" ? { "content-type": "application/json" } : {}), ...headers };
  const words = Object.entries(sent).map(([name, value]) => `-H '${name}: ${value}'`);
  if (method === "POST") words.push(`-d '${JSON.stringify(ORDER)}'`);
  return ["curl -s", ...words, `${gatewayUrl}${path}`].join(" ");
}
