import type { Context } from "@opentelemetry/api";
import { ATTR_VIRTUAL_CLUSTER_NAME } from "./attribute.ts";
import { activeContext } from "./registered.ts";
import { nameIn } from "./token.ts";

/** What this processor uses of a log record of OpenTelemetry's SDK. */
interface AttributedLogRecord {
  setAttribute(key: string, value: string): unknown;
}

/**
 * Sets {@link ATTR_VIRTUAL_CLUSTER_NAME} on every log record that a request with a name emits. Put it before the processors that export.
 *
 * @example
 * ```ts
 * import { NodeSDK } from "@opentelemetry/sdk-node";
 * import { VirtualClusterLogRecordProcessor } from "@puggle/propagation/opentelemetry";
 *
 * const sdk = new NodeSDK({ logRecordProcessors: [new VirtualClusterLogRecordProcessor()] });
 * sdk.start();
 * ```
 */
export class VirtualClusterLogRecordProcessor {
  onEmit(logRecord: AttributedLogRecord, context?: Context): void {
    const name = nameIn(context ?? activeContext());
    if (name !== undefined) logRecord.setAttribute(ATTR_VIRTUAL_CLUSTER_NAME, name);
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}
