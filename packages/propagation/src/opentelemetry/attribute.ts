/**
 * The attribute of spans, log records and metrics that holds the name of the virtual cluster.
 *
 * OpenTelemetry's semantic conventions (1.45) have no attribute for a slice of an environment that a *request* is routed to: their
 * `deployment.environment.name`, `service.namespace` and `k8s.cluster.name` say where a process runs, and are of its resource. So it has a
 * namespace of its own, as they ask for (attribute naming: `{object}.{property}`, lower case, `_` between words).
 */
export const ATTR_VIRTUAL_CLUSTER_NAME = "virtual_cluster.name";
