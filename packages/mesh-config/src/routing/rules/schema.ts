import { z } from "zod";

/** The `spec` of a VirtualService, as far as it decides about HTTP; fields that are not named here come out as they went in. */

const stringMap = z.record(z.string(), z.string());
const stringMatch = z.looseObject({ exact: z.string().optional(), prefix: z.string().optional(), regex: z.string().optional() });
/** Such as `1.5s`; the form that protobuf takes in JSON, and no other. */
const duration = z.string().regex(/^\d+(\.\d{1,9})?s$/, "is no duration such as 1.5s");
const percent = z.looseObject({ value: z.number().default(0) });
const destination = z.looseObject({
  host: z.string(),
  subset: z.string().optional(),
  port: z.looseObject({ number: z.number().optional() }).optional(),
});
const headerOperations = z.looseObject({ set: stringMap.optional(), add: stringMap.optional(), remove: z.array(z.string()).optional() });
const headers = z.looseObject({ request: headerOperations.optional(), response: headerOperations.optional() });

const httpMatch = z.looseObject({
  name: z.string().optional(),
  uri: stringMatch.optional(),
  ignoreUriCase: z.boolean().optional(),
  method: stringMatch.optional(),
  authority: stringMatch.optional(),
  scheme: stringMatch.optional(),
  headers: z.record(z.string(), stringMatch).optional(),
  withoutHeaders: z.record(z.string(), stringMatch).optional(),
  queryParams: z.record(z.string(), stringMatch).optional(),
  port: z.number().optional(),
  gateways: z.array(z.string()).optional(),
  sourceLabels: stringMap.optional(),
  sourceNamespace: z.string().optional(),
});

const redirect = z.looseObject({
  uri: z.string().optional(),
  authority: z.string().optional(),
  scheme: z.string().optional(),
  port: z.number().optional(),
  derivePort: z.string().optional(),
  redirectCode: z.number().optional(),
});

const directResponse = z.looseObject({
  status: z.number(),
  body: z.looseObject({ string: z.string().optional(), bytes: z.string().optional() }).optional(),
});

const rewrite = z.looseObject({
  uri: z.string().optional(),
  authority: z.string().optional(),
  uriRegexRewrite: z.looseObject({ match: z.string(), rewrite: z.string() }).optional(),
});

const retries = z.looseObject({
  attempts: z.number().default(0),
  perTryTimeout: duration.optional(),
  retryOn: z.string().optional(),
  retryRemoteLocalities: z.boolean().optional(),
  retryIgnorePreviousHosts: z.boolean().optional(),
  backoff: duration.optional(),
});

const fault = z.looseObject({
  delay: z.looseObject({ percentage: percent.optional(), percent: z.number().optional(), fixedDelay: duration.optional() }).optional(),
  abort: z.looseObject({ percentage: percent.optional(), httpStatus: z.number().optional(), grpcStatus: z.string().optional() }).optional(),
});

const corsPolicy = z.looseObject({
  allowOrigins: z.array(stringMatch).optional(),
  allowOrigin: z.array(z.string()).optional(),
  allowMethods: z.array(z.string()).optional(),
  allowHeaders: z.array(z.string()).optional(),
  exposeHeaders: z.array(z.string()).optional(),
  maxAge: duration.optional(),
  allowCredentials: z.boolean().optional(),
  unmatchedPreflights: z.string().optional(),
});

const httpRule = z.looseObject({
  name: z.string().optional(),
  match: z.array(httpMatch).optional(),
  route: z.array(z.looseObject({ destination, weight: z.number().optional(), headers: headers.optional() })).optional(),
  redirect: redirect.optional(),
  directResponse: directResponse.optional(),
  delegate: z.looseObject({ name: z.string().optional(), namespace: z.string().optional() }).optional(),
  rewrite: rewrite.optional(),
  timeout: duration.optional(),
  retries: retries.optional(),
  fault: fault.optional(),
  mirror: destination.optional(),
  mirrorPercent: z.number().optional(),
  mirrorPercentage: percent.optional(),
  mirrors: z.array(z.looseObject({ destination: destination.optional(), percentage: percent.optional() })).optional(),
  corsPolicy: corsPolicy.optional(),
  headers: headers.optional(),
});

export const virtualServiceSpec = z.looseObject({
  hosts: z.array(z.string()).default([]),
  gateways: z.array(z.string()).optional(),
  exportTo: z.array(z.string()).optional(),
  http: z.array(httpRule).default([]),
});

export type StringMatchSpec = z.output<typeof stringMatch>;
export type DestinationSpec = z.output<typeof destination>;
export type HeadersSpec = z.output<typeof headers>;
export type HttpMatchSpec = z.output<typeof httpMatch>;
export type HttpRuleSpec = z.output<typeof httpRule>;
export type VirtualServiceSpec = z.output<typeof virtualServiceSpec>;

/** The fields that are read, of a `spec`, a rule, and an entry of its `match`. */
export const READ_FIELDS = {
  spec: new Set(Object.keys(virtualServiceSpec.shape)),
  rule: new Set(Object.keys(httpRule.shape)),
  match: new Set(Object.keys(httpMatch.shape)),
};
