import { type Command, tc } from "./commands.ts";
import { COOKIE, PASS_CLASS } from "./ownership.ts";
import type { Action, Filter } from "./tree.ts";

/** Makes or removes one filter of a device. */
export function filterCommand(verb: "add" | "del", device: string, filter: Filter): Command {
  const { hook, chain, preference, protocol, classifier } = filter;
  const place = ["dev", device, hook, ...(chain === 0 ? [] : ["chain", chain]), "protocol", protocol, "pref", preference];
  if (verb === "del") return tc("filter", "del", ...place);
  return tc("filter", "add", ...place, ...handleOf(filter), classifier, ...matchWords(filter), ...actionWords(filter));
}

function handleOf({ classifier, keys }: Filter): readonly string[] {
  return classifier === "fw" ? ["handle", keys.mark ?? ""] : [];
}

function matchWords({ classifier, keys }: Filter): readonly string[] {
  switch (classifier) {
    case "flower":
      return Object.entries(keys).flatMap(([name, value]) => [name === "icmp_type" ? "type" : name, value]);
    case "u32":
      return Object.entries(keys).flatMap(([at, word]) => {
        const [value, mask] = word.split("/");
        return ["match", "u32", `0x${value}`, `0x${mask}`, ...at.split(" ")];
      });
    case "basic":
      return ["match", keys.match ?? ""];
    default:
      return [];
  }
}

function actionWords({ classifier, action }: Filter): readonly (string | number)[] {
  // Kernels that lack flower may lack the action that passes too: a class does the same, and tells whose it is.
  if (classifier === "u32" && action.kind === "pass") return ["flowid", PASS_CLASS];
  return ["action", ...verdictWords(action), "cookie", COOKIE];
}

function verdictWords(action: Action): readonly (string | number)[] {
  switch (action.kind) {
    case "redirect":
      return ["mirred", "egress", "redirect", "dev", action.to];
    case "goto":
      return ["goto", "chain", action.chain];
    case "restore-mark":
      return ["connmark", "continue"];
    default:
      return [action.kind];
  }
}
