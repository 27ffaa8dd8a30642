import type { Attributes, Context } from "@opentelemetry/api";
import { ATTR_VIRTUAL_CLUSTER_NAME } from "./attribute.ts";
import { nameIn } from "./token.ts";

/**
 * Adds {@link ATTR_VIRTUAL_CLUSTER_NAME} to the attributes of what a request with a name measures: for the `attributesProcessors` of
 * a view of OpenTelemetry's SDK 2 or 3.
 *
 * Every name makes a time series more of each instrument of the view: choose instruments for which that is worth it. What an observable
 * instrument observes is of no request, and stays as it is.
 *
 * @example
 * ```ts
 * import { NodeSDK } from "@opentelemetry/sdk-node";
 * import { VirtualClusterAttributesProcessor } from "@puggle/propagation/opentelemetry";
 *
 * const attributesProcessors = [new VirtualClusterAttributesProcessor()];
 * const sdk = new NodeSDK({ views: [{ instrumentName: "http.server.request.duration", attributesProcessors }] });
 * sdk.start();
 * ```
 */
export class VirtualClusterAttributesProcessor {
  process(incoming: Attributes, context?: Context): Attributes {
    const name = context === undefined ? undefined : nameIn(context);
    return name === undefined ? incoming : { ...incoming, [ATTR_VIRTUAL_CLUSTER_NAME]: name };
  }
}
