import type { Cors, Fault, Route } from "../routing/table.ts";
import { printDuration } from "./durations.ts";
import { printShare } from "./route-action.ts";
import { printString } from "./route-configuration.ts";

const TYPE = "type.googleapis.com/envoy.extensions.filters.http";

/** What a route tells the filters in front of the router. */
export function printFilterSettings({ fault, cors }: Route): object {
  if (fault === undefined && cors === undefined) return {};
  return {
    typed_per_filter_config: {
      ...(fault === undefined ? {} : { "envoy.filters.http.fault": printFault(fault) }),
      ...(cors === undefined ? {} : { "envoy.filters.http.cors": printCors(cors) }),
    },
  };
}

function printFault({ delay, abort }: Fault): object {
  return {
    "@type": `${TYPE}.fault.v3.HTTPFault`,
    ...(delay === undefined ? {} : { delay: { fixed_delay: printDuration(delay.milliseconds), percentage: printShare(delay.share) } }),
    ...(abort === undefined ? {} : { abort: printAbort(abort) }),
  };
}

function printAbort({ kind, status, share }: NonNullable<Fault["abort"]>): object {
  return {
    ...(kind === "http" ? { http_status: status } : { grpc_status: status }),
    ...(share === undefined ? {} : { percentage: printShare(share) }),
  };
}

function printCors(cors: Cors): object {
  const text = (field: string, value: string) => (value === "" ? {} : { [field]: value });
  return {
    "@type": `${TYPE}.cors.v3.CorsPolicy`,
    ...(cors.origins.length === 0 ? {} : { allow_origin_string_match: cors.origins.map(printString) }),
    ...text("allow_methods", cors.methods),
    ...text("allow_headers", cors.headers),
    ...text("expose_headers", cors.exposedHeaders),
    ...(cors.maxAgeSeconds === undefined ? {} : { max_age: `${cors.maxAgeSeconds}` }),
    ...(cors.allowsCredentials === undefined ? {} : { allow_credentials: cors.allowsCredentials }),
    filter_enabled: { default_value: { numerator: 100 } },
    forward_not_matching_preflights: cors.forwardsUnmatchedPreflights,
  };
}
