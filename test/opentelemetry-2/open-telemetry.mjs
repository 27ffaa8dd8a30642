import { register } from "node:module";
import * as api from "@opentelemetry/api";
import * as logApi from "@opentelemetry/api-logs";
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { UndiciInstrumentation } from "@opentelemetry/instrumentation-undici";
import * as sdk from "@opentelemetry/sdk-node";
import * as puggle from "@puggle/propagation/opentelemetry";
import { startOpenTelemetry } from "../propagation/beside/app/start-open-telemetry.cjs";

register("@opentelemetry/instrumentation/hook.mjs", import.meta.url);
startOpenTelemetry({ api, sdk, ...sdk, logApi, HttpInstrumentation, UndiciInstrumentation, puggle });
