import { register } from "node:module";
import * as api from "@opentelemetry/api";
import * as core from "@opentelemetry/core";
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { UndiciInstrumentation } from "@opentelemetry/instrumentation-undici";
import * as metrics from "@opentelemetry/sdk-metrics";
import * as sdk from "@opentelemetry/sdk-node";
import * as puggle from "@puggle/propagation/opentelemetry";
import { startOpenTelemetry } from "./start-open-telemetry.cjs";

register("@opentelemetry/instrumentation/hook.mjs", import.meta.url);
startOpenTelemetry({ api, sdk, core, metrics, logApi: api, HttpInstrumentation, UndiciInstrumentation, puggle });
