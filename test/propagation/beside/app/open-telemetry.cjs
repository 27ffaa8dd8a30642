require("./start-open-telemetry.cjs").startOpenTelemetry({
  api: require("@opentelemetry/api"),
  sdk: require("@opentelemetry/sdk-node"),
  core: require("@opentelemetry/core"),
  metrics: require("@opentelemetry/sdk-metrics"),
  logApi: require("@opentelemetry/api"),
  ...require("@opentelemetry/instrumentation-http"),
  ...require("@opentelemetry/instrumentation-undici"),
  puggle: require("@puggle/propagation/opentelemetry"),
});
