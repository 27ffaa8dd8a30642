const { logs } = require("@opentelemetry/api-logs");
const { HttpInstrumentation } = require("@opentelemetry/instrumentation-http");
const { UndiciInstrumentation } = require("@opentelemetry/instrumentation-undici");
const { NodeSDK } = require("@opentelemetry/sdk-node");

/** SDK 2 as the environment says: with exporters that send batches. */
new NodeSDK({ instrumentations: [new HttpInstrumentation(), new UndiciInstrumentation()] }).start();

globalThis.log = (body) => logs.getLogger("service").emit({ body });
