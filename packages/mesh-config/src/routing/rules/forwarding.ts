import type { DestinationLookup } from "../compilation.ts";
import type { Forwarding, Mirror, PathRewrite, Retries } from "../table.ts";
import { toMilliseconds } from "./durations.ts";
import type { HttpRuleSpec } from "./schema.ts";
import { ALWAYS, shareOfPercent, shareOfPercentage } from "./shares.ts";

const USUAL_RETRY_CONDITIONS = "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes";
/** What Istio does where a rule does not say otherwise. */
const USUAL_RETRIES: Retries = {
  attempts: 2,
  on: USUAL_RETRY_CONDITIONS,
  statusCodes: [],
  perTryTimeoutMs: undefined,
  backoffMs: undefined,
  avoidsPreviousHosts: true,
  prefersOtherPriorities: false,
};

/** How a sidecar passes on what no rule speaks of. */
export const USUAL_FORWARDING: Forwarding = {
  timeoutMs: 0,
  retries: USUAL_RETRIES,
  pathRewrite: undefined,
  authority: undefined,
  mirrors: [],
  hashPolicies: [],
};

/** To where nothing is known of, nothing is sent a second time. */
export const BLIND_FORWARDING: Forwarding = { ...USUAL_FORWARDING, retries: undefined };

/** @param authority - that the rule's headers ask for; a rewrite overrules it. */
export function compileForwarding(
  rule: HttpRuleSpec,
  authority: string,
  lookUp: DestinationLookup,
): Omit<Forwarding, "hashPolicies" | "retries"> {
  return {
    timeoutMs: rule.timeout === undefined ? 0 : toMilliseconds(rule.timeout),
    pathRewrite: compilePathRewrite(rule.rewrite),
    authority: rule.rewrite?.authority || authority || undefined,
    mirrors: compileMirrors(rule, lookUp),
  };
}

function compilePathRewrite(rewrite: HttpRuleSpec["rewrite"]): PathRewrite | undefined {
  const { uri = "", uriRegexRewrite } = rewrite ?? {};
  if (uriRegexRewrite !== undefined) return { kind: "regex", pattern: uriRegexRewrite.match, substitution: uriRegexRewrite.rewrite };
  return uri === "" ? undefined : { kind: "prefix", value: uri };
}

/** A share of nothing is no mirror. */
function compileMirrors(
  { mirror, mirrorPercent, mirrorPercentage, mirrors = [] }: HttpRuleSpec,
  lookUp: DestinationLookup,
): readonly Mirror[] {
  const percentage = mirrorPercentage === undefined ? undefined : shareOfPercentage(mirrorPercentage.value);
  const share = percentage ?? (mirrorPercent === undefined ? ALWAYS : shareOfPercent(mirrorPercent));
  return [
    ...(mirror === undefined ? [] : [{ cluster: lookUp(mirror), share }]),
    ...mirrors.flatMap(({ destination, percentage: own }) =>
      destination === undefined ? [] : [{ cluster: lookUp(destination), share: own === undefined ? ALWAYS : shareOfPercentage(own.value) }],
    ),
  ].filter(({ share: { numerator } }) => numerator > 0);
}

/** @param isHashed - Is the destination's endpoint chosen by a hash? Then a second try is for the same one. */
export function compileRetries(retries: HttpRuleSpec["retries"], isHashed: boolean): Retries | undefined {
  if (retries === undefined) return { ...USUAL_RETRIES, avoidsPreviousHosts: !isHashed };
  if (retries.attempts <= 0) return undefined;
  const conditions = retries.retryOn === undefined || retries.retryOn === "" ? undefined : readConditions(retries.retryOn);
  return {
    attempts: retries.attempts,
    on: conditions?.on ?? USUAL_RETRY_CONDITIONS,
    statusCodes: conditions?.statusCodes ?? [],
    perTryTimeoutMs: retries.perTryTimeout === undefined ? undefined : toMilliseconds(retries.perTryTimeout),
    backoffMs: retries.backoff === undefined ? undefined : toMilliseconds(retries.backoff),
    avoidsPreviousHosts: retries.retryIgnorePreviousHosts ?? !isHashed,
    prefersOtherPriorities: retries.retryRemoteLocalities ?? false,
  };
}

/** Status codes may stand among the conditions. */
function readConditions(text: string): { readonly on: string; readonly statusCodes: readonly number[] } {
  const parts = text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
  const isStatus = (part: string) => /^\d{3}$/.test(part);
  const statusCodes = parts.filter(isStatus).map(Number);
  const on = parts.filter((part) => !isStatus(part)).join(",");
  const needsCondition = statusCodes.length > 0 && !on.includes("retriable-status-codes");
  return { on: needsCondition ? `${on},retriable-status-codes` : on, statusCodes };
}
