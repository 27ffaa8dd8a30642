import { AsyncLocalStorage } from "node:async_hooks";
import { createRequire } from "node:module";
import type { NodeSDKConfiguration } from "@opentelemetry/sdk-node";
import type { Request, RequestHandler } from "express";

const require = createRequire(import.meta.url);

/** The header, as everything but baggage carries the name. */
export const HEADER = "virtual-cluster-name";

/** What a service adds to itself so that the name is carried. */
export interface Carrier {
  readonly middleware?: RequestHandler;
  /** The name that the service sets by hand on the outbound calls of a request. */
  readonly currentName?: (request: Request) => string | undefined;
}

export function prepareNothing(): Carrier {
  return {};
}

export function preparePuggle(): Carrier {
  const { register } = require("@puggle/propagation") as typeof import("@puggle/propagation");
  register();
  return {};
}

export function preparePuggleMiddleware(): Carrier {
  const { register } = require("@puggle/propagation") as typeof import("@puggle/propagation");
  const { virtualCluster } = require("@puggle/propagation/express") as typeof import("@puggle/propagation/express");
  register({ inbound: false });
  return { middleware: virtualCluster() };
}

/** What no way to carry the name can do without: it is read from the request and set on the calls. */
export function prepareArgument(): Carrier {
  return { currentName: (request) => nameOf(request.headers) };
}

export function prepareAsyncLocalStorage(): Carrier {
  const storage = new AsyncLocalStorage<string | undefined>();
  return {
    middleware: (request, _response, next) => storage.run(nameOf(request.headers), next),
    currentName: () => storage.getStore(),
  };
}

export function prepareExpressHttpContext(): Carrier {
  const context = require("express-http-context") as typeof import("express-http-context");
  return {
    middleware: (request, response, next) =>
      context.middleware(request, response, () => {
        context.set("name", nameOf(request.headers));
        next();
      }),
    currentName: () => context.get("name") as string | undefined,
  };
}

export function prepareClsHooked(): Carrier {
  const { createNamespace } = require("cls-hooked") as typeof import("cls-hooked");
  return carryInNamespace(createNamespace("virtual-cluster"));
}

export function prepareBridgedClsHooked(): Carrier {
  const { createNamespace } = require("cls-hooked") as typeof import("cls-hooked");
  const { bridgeNamespace } = require("@puggle/propagation/cls-hooked") as typeof import("@puggle/propagation/cls-hooked");
  preparePuggle();
  const { middleware } = carryInNamespace(bridgeNamespace(createNamespace("virtual-cluster"), { key: "name" }));
  return middleware === undefined ? {} : { middleware };
}

function carryInNamespace(namespace: import("cls-hooked").Namespace): Carrier {
  return {
    middleware: (request, response, next) => {
      namespace.bindEmitter(request);
      namespace.bindEmitter(response);
      namespace.run(() => {
        namespace.set("name", nameOf(request.headers));
        next();
      });
    },
    currentName: () => namespace.get("name") as string | undefined,
  };
}

export function prepareHpropagate(): Carrier {
  const hpropagate = require("hpropagate") as (options: { headersToPropagate: string[]; setAndPropagateCorrelationId: boolean }) => void;
  hpropagate({ headersToPropagate: [HEADER], setAndPropagateCorrelationId: false });
  return {};
}

export function prepareOpenTelemetry(): Carrier {
  return startOpenTelemetry("baggage", {});
}

export function prepareOpenTelemetryWithSpans(): Carrier {
  return startOpenTelemetry("tracecontext,baggage", {
    traceExporter: { export: (_spans, done) => done({ code: 0 }), shutdown: async () => {} },
  });
}

function startOpenTelemetry(propagators: string, configuration: Partial<NodeSDKConfiguration>): Carrier {
  for (const signal of ["TRACES", "METRICS", "LOGS"]) process.env[`OTEL_${signal}_EXPORTER`] = "none";
  process.env.OTEL_PROPAGATORS = propagators;
  const { NodeSDK } = require("@opentelemetry/sdk-node") as typeof import("@opentelemetry/sdk-node");
  const { HttpInstrumentation } = require("@opentelemetry/instrumentation-http") as typeof import("@opentelemetry/instrumentation-http");
  const { UndiciInstrumentation } =
    require("@opentelemetry/instrumentation-undici") as typeof import("@opentelemetry/instrumentation-undici");
  new NodeSDK({ ...configuration, instrumentations: [new HttpInstrumentation(), new UndiciInstrumentation()] }).start();
  return {};
}

function nameOf(headers: import("node:http").IncomingHttpHeaders): string | undefined {
  return headers[HEADER]?.toString();
}
