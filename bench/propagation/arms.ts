import { createRequire } from "node:module";
import type { RequestHandler } from "express";

const require = createRequire(import.meta.url);
const HEADER = "virtual-cluster-name";

/** One way to carry the name through a service. */
export interface Arm {
  readonly name: string;
  readonly what: string;
  /** Runs before Express and undici are loaded; gives what the service adds to itself. */
  readonly prepare: () => Carrier;
  /** The header by which requests carry the name; none where they carry no name. */
  readonly carriedIn?: "virtual-cluster-name" | "baggage";
  /** Must the name arrive downstream? */
  readonly isPassedOn: boolean;
}

interface Carrier {
  readonly middleware?: RequestHandler;
  /** The headers that the service sets itself on its outbound call. */
  readonly outboundHeaders?: () => Record<string, string>;
}

export const ARMS: readonly Arm[] = [
  { name: "bare", what: "nothing", prepare: () => ({}), carriedIn: HEADER, isPassedOn: false },
  { name: "bare-again", what: "nothing, as the control", prepare: () => ({}), carriedIn: HEADER, isPassedOn: false },
  { name: "bare-unnamed", what: "nothing, requests without a name", prepare: () => ({}), isPassedOn: false },
  { name: "puggle", what: "@puggle/propagation, register()", prepare: preparePuggle, carriedIn: HEADER, isPassedOn: true },
  { name: "puggle-unnamed", what: "the same, requests without a name", prepare: preparePuggle, isPassedOn: false },
  {
    name: "cls-hooked",
    what: "a cls-hooked namespace in a middleware, the header set by hand",
    prepare: prepareClsHooked,
    carriedIn: HEADER,
    isPassedOn: true,
  },
  {
    name: "opentelemetry",
    what: "sdk-node, http and undici instrumentation, baggage, no spans",
    prepare: prepareOpenTelemetry,
    carriedIn: "baggage",
    isPassedOn: true,
  },
];

function preparePuggle(): Carrier {
  const { register } = require("@puggle/propagation") as typeof import("@puggle/propagation");
  register();
  return {};
}

function prepareClsHooked(): Carrier {
  const { createNamespace } = require("cls-hooked") as typeof import("cls-hooked");
  const namespace = createNamespace("virtual-cluster");
  return {
    middleware: (request, response, next) => {
      namespace.bindEmitter(request);
      namespace.bindEmitter(response);
      namespace.run(() => {
        namespace.set("name", request.headers["virtual-cluster-name"]);
        next();
      });
    },
    outboundHeaders: () => ({ "virtual-cluster-name": namespace.get("name") as string }),
  };
}

function prepareOpenTelemetry(): Carrier {
  process.env.OTEL_TRACES_EXPORTER = "none";
  process.env.OTEL_METRICS_EXPORTER = "none";
  process.env.OTEL_LOGS_EXPORTER = "none";
  process.env.OTEL_PROPAGATORS = "baggage";
  const { NodeSDK } = require("@opentelemetry/sdk-node") as typeof import("@opentelemetry/sdk-node");
  const { HttpInstrumentation } = require("@opentelemetry/instrumentation-http") as typeof import("@opentelemetry/instrumentation-http");
  const { UndiciInstrumentation } =
    require("@opentelemetry/instrumentation-undici") as typeof import("@opentelemetry/instrumentation-undici");
  new NodeSDK({ instrumentations: [new HttpInstrumentation(), new UndiciInstrumentation()] }).start();
  return {};
}
