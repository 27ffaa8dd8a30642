const idle = { onStart() {}, async forceFlush() {}, async shutdown() {} };

/**
 * Starts OpenTelemetry's SDK, of whatever version is handed in, with what the words in `ASKED_FOR` ask for beside the http and undici
 * instrumentations.
 */
exports.startOpenTelemetry = ({ api, sdk, core, metrics, logApi, HttpInstrumentation, UndiciInstrumentation, puggle }) => {
  const asked = new Set((process.env.ASKED_FOR ?? "").split(","));
  const spans = [];
  const records = [];
  const exporter = new metrics.InMemoryMetricExporter(metrics.AggregationTemporality.CUMULATIVE);
  const reader = new metrics.PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const ignoreIncomingRequestHook = asked.has("ignore") ? () => true : undefined;
  const node = new sdk.NodeSDK({
    instrumentations: [new HttpInstrumentation({ ignoreIncomingRequestHook }), new UndiciInstrumentation()],
    ...(asked.has("propagator") && {
      textMapPropagator: new core.CompositePropagator({
        propagators: [new core.W3CTraceContextPropagator(), new core.W3CBaggagePropagator(), new puggle.VirtualClusterPropagator()],
      }),
    }),
    ...(asked.has("attributes") && {
      spanProcessors: [new puggle.VirtualClusterSpanProcessor(), { ...idle, onEnd: (span) => spans.push(span) }],
      logRecordProcessors: [new puggle.VirtualClusterLogRecordProcessor(), { ...idle, onEmit: (record) => records.push(record) }],
      metricReaders: [reader],
      views: [{ instrumentName: "http.*", attributesProcessors: [new puggle.VirtualClusterAttributesProcessor()] }],
    }),
  });
  node.start();
  if (asked.has("stats")) globalThis.stopObserving = puggle.observeStats();

  globalThis.log = (body) => logApi.logs.getLogger("service").emit({ body });
  globalThis.inRootContext = (work) => api.context.with(api.ROOT_CONTEXT, work);
  globalThis.report = async () => {
    if (asked.has("attributes")) await reader.forceFlush();
    const collected =
      exporter
        .getMetrics()
        .at(-1)
        ?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
    return {
      spans: spans.map((span) => ({ kind: span.kind, attributes: span.attributes, trace: span.spanContext().traceId })),
      records: records.map(({ body, attributes }) => ({ body, attributes })),
      points: collected.flatMap(({ descriptor, dataPoints }) =>
        dataPoints.map(({ attributes, value }) => ({ instrument: descriptor.name, attributes, count: value.count ?? value })),
      ),
    };
  };
};
