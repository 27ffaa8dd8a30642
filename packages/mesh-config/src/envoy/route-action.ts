import { printMemberMatcher } from "../istio/member-matcher.ts";
import type {
  ClusterChoice,
  Forwarding,
  HashPolicy,
  Mirror,
  OwnAnswer,
  PathRewrite,
  Retries,
  Route,
  Share,
  WeightedCluster,
} from "../routing/table.ts";
import { printDuration } from "./durations.ts";
import { printHeaderChanges } from "./header-changes.ts";

const REDIRECT_CODES: Readonly<Record<number, string>> = {
  301: "MOVED_PERMANENTLY",
  302: "FOUND",
  303: "SEE_OTHER",
  307: "TEMPORARY_REDIRECT",
  308: "PERMANENT_REDIRECT",
};

/** What a route does, as one of the fields `route`, `redirect` and `direct_response` of Envoy's Route. */
export function printAction({ answer, destinations, choice, forwarding }: Route): object {
  if (answer !== undefined) return printAnswer(answer);
  return {
    route: {
      ...(choice === undefined ? printDestinations(destinations) : printChoice(choice, destinations)),
      ...(forwarding === undefined ? {} : printForwarding(forwarding)),
    },
  };
}

function printAnswer(answer: OwnAnswer): object {
  switch (answer.kind) {
    case "none":
      return {};
    case "redirect": {
      const { status, path, authority, scheme, port } = answer;
      return {
        redirect: {
          ...filled("host_redirect", authority),
          ...filled("path_redirect", path),
          ...filled("scheme_redirect", scheme),
          ...(port === undefined ? {} : { port_redirect: port }),
          ...(status === 301 ? {} : { response_code: REDIRECT_CODES[status] }),
        },
      };
    }
    case "response": {
      const { status, body } = answer;
      const source = body?.kind === "text" ? { inline_string: body.value } : { inline_bytes: body?.value };
      return { direct_response: { status, ...(body === undefined ? {} : { body: source }) } };
    }
  }
}

function printDestinations(destinations: readonly WeightedCluster[]): object {
  const [first] = destinations;
  if (destinations.length === 1 && first !== undefined && first.headers === undefined && first.authority === undefined)
    return { cluster: first.cluster };
  return {
    weighted_clusters: {
      clusters: destinations.map(({ cluster, weight, headers, authority }) => ({
        name: cluster,
        weight,
        ...(headers === undefined ? {} : printHeaderChanges(headers)),
        ...(authority === undefined ? {} : { host_rewrite_literal: authority }),
      })),
    },
  };
}

function printChoice({ clusters }: ClusterChoice, [otherwise]: readonly WeightedCluster[]): object {
  return { inline_cluster_specifier_plugin: printMemberMatcher({ clusters, otherwise: otherwise?.cluster ?? "" }) };
}

/** Envoy's limit for calls of gRPC, which name their own, is the same. */
function printForwarding({ timeoutMs, retries, pathRewrite, authority, mirrors, hashPolicies }: Forwarding): object {
  return {
    timeout: printDuration(timeoutMs),
    max_grpc_timeout: printDuration(timeoutMs),
    ...(retries === undefined ? {} : { retry_policy: printRetries(retries) }),
    ...(pathRewrite === undefined ? {} : printPathRewrite(pathRewrite)),
    ...(authority === undefined ? {} : { host_rewrite_literal: authority }),
    ...(mirrors.length === 0 ? {} : { request_mirror_policies: mirrors.map(printMirror) }),
    ...(hashPolicies.length === 0 ? {} : { hash_policy: hashPolicies.map(printHashPolicy) }),
  };
}

const PREVIOUS_HOSTS = {
  name: "envoy.retry_host_predicates.previous_hosts",
  typed_config: { "@type": "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate" },
};
const PREVIOUS_PRIORITIES = {
  name: "envoy.retry_priorities.previous_priorities",
  typed_config: {
    "@type": "type.googleapis.com/envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig",
    update_frequency: 2,
  },
};

function printRetries(retries: Retries): object {
  return {
    retry_on: retries.on,
    num_retries: retries.attempts,
    ...(retries.statusCodes.length === 0 ? {} : { retriable_status_codes: retries.statusCodes }),
    ...(retries.perTryTimeoutMs === undefined ? {} : { per_try_timeout: printDuration(retries.perTryTimeoutMs) }),
    ...(retries.backoffMs === undefined ? {} : { retry_back_off: { base_interval: printDuration(retries.backoffMs) } }),
    ...(retries.avoidsPreviousHosts ? { retry_host_predicate: [PREVIOUS_HOSTS] } : {}),
    ...(retries.prefersOtherPriorities ? { retry_priority: PREVIOUS_PRIORITIES } : {}),
    host_selection_retry_max_attempts: "5",
  };
}

function printPathRewrite(rewrite: PathRewrite): object {
  if (rewrite.kind === "prefix") return { prefix_rewrite: rewrite.value };
  return { regex_rewrite: { pattern: { regex: rewrite.pattern }, substitution: rewrite.substitution } };
}

function printMirror({ cluster, share }: Mirror): object {
  return { cluster, runtime_fraction: { default_value: printShare(share) }, trace_sampled: false, disable_shadow_host_suffix_append: true };
}

/** Envoy's FractionalPercent. */
export function printShare({ numerator, denominator }: Share): object {
  return { numerator, ...(denominator === 100 ? {} : { denominator: "MILLION" }) };
}

function printHashPolicy(policy: HashPolicy): object {
  switch (policy.kind) {
    case "header":
      return { header: { header_name: policy.name } };
    case "cookie":
      return {
        cookie: {
          name: policy.name,
          ...filled("path", policy.path),
          ...(policy.ttlMs === undefined ? {} : { ttl: printDuration(policy.ttlMs) }),
        },
      };
    case "query-parameter":
      return { query_parameter: { name: policy.name } };
    case "source-address":
      return { connection_properties: { source_ip: true } };
  }
}

function filled(field: string, value: string): object {
  return value === "" ? {} : { [field]: value };
}
