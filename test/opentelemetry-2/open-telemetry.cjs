const { startOpenTelemetry } = require("../propagation/beside/app/start-open-telemetry.cjs");
const sdk = require("@opentelemetry/sdk-node");

startOpenTelemetry({
  api: require("@opentelemetry/api"),
  sdk,
  ...sdk,
  logApi: require("@opentelemetry/api-logs"),
  ...require("@opentelemetry/instrumentation-http"),
  ...require("@opentelemetry/instrumentation-undici"),
  puggle: require("@puggle/propagation/opentelemetry"),
});
