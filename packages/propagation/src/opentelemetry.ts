/**
 * What OpenTelemetry's SDK takes: a propagator that carries the name of the virtual cluster.
 *
 * @packageDocumentation
 */
export { VirtualClusterPropagator } from "./opentelemetry/propagator.ts";
