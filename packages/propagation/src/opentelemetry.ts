/**
 * What OpenTelemetry's SDK takes: a propagator that carries the name of the virtual cluster, processors that put it on spans, log
 * records and metrics, and the library's own counters. Each is there only where a service asks for it.
 *
 * @packageDocumentation
 */
export { ATTR_VIRTUAL_CLUSTER_NAME } from "./opentelemetry/attribute.ts";
export { VirtualClusterAttributesProcessor } from "./opentelemetry/attributes-processor.ts";
export { VirtualClusterLogRecordProcessor } from "./opentelemetry/log-record-processor.ts";
export { observeStats } from "./opentelemetry/observe-stats.ts";
export { VirtualClusterPropagator } from "./opentelemetry/propagator.ts";
export { VirtualClusterSpanProcessor } from "./opentelemetry/span-processor.ts";
