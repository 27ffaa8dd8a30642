import type { AttributeValue, Context } from "@opentelemetry/api";
import { ATTR_VIRTUAL_CLUSTER_NAME } from "./attribute.ts";
import { nameIn } from "./token.ts";

/** `SpanKind.SERVER` of OpenTelemetry. */
const SERVER = 1;

/** What this processor uses of a span of OpenTelemetry's SDK 2 or 3. */
interface AttributedSpan {
  readonly kind?: number;
  readonly attributes?: Readonly<Record<string, AttributeValue | undefined>>;
  setAttribute(key: string, value: string): unknown;
}

/**
 * Sets {@link ATTR_VIRTUAL_CLUSTER_NAME} on every span of a request that has a name. It takes part in nothing else: put it beside
 * the processor that exports.
 *
 * A server's span may be started before the name is known, by an instrumentation that runs before our hook and without
 * {@link VirtualClusterPropagator}: that one gets the attribute when it ends.
 *
 * @example
 * ```ts
 * import { NodeSDK } from "@opentelemetry/sdk-node";
 * import { VirtualClusterSpanProcessor } from "@puggle/propagation/opentelemetry";
 *
 * const sdk = new NodeSDK({ spanProcessors: [new VirtualClusterSpanProcessor()] });
 * sdk.start();
 * ```
 */
export class VirtualClusterSpanProcessor {
  onStart(span: AttributedSpan, parentContext: Context): void {
    const name = nameIn(parentContext);
    if (name !== undefined) span.setAttribute(ATTR_VIRTUAL_CLUSTER_NAME, name);
  }

  /** Called by SDKs that have it (`@experimental` there), while the span can still be changed. */
  onEnding(span: AttributedSpan): void {
    // Other spans may end wherever a pool of connections calls back.
    if (span.kind !== SERVER || span.attributes?.[ATTR_VIRTUAL_CLUSTER_NAME] !== undefined) return;
    const name = nameIn(undefined);
    if (name !== undefined) span.setAttribute(ATTR_VIRTUAL_CLUSTER_NAME, name);
  }

  onEnd(): void {}

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}
