import { context, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { AggregationTemporality, DataPointType, InMemoryMetricExporter } from '@opentelemetry/sdk-metrics';
import { MeterProvider, PeriodicExportingMetricReader, type Histogram, type MetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';

/** The real SDK of OpenTelemetry as this process's own, with exporters in memory. */

/** What the SDK was told. */
export interface Telemetry {
  /** Spans that ended, oldest first. */
  spans(): ReadableSpan[];
  /** Every point as `name{attribute=value}`: a number, or of a histogram its count. */
  points(): Promise<Record<string, number>>;
  /** Everything that was exported, as one text. */
  text(): Promise<string>;
  stop(): Promise<void>;
}

/** Starts the SDK. `readers` get the metrics too. */
export function startTelemetry(readers: readonly MetricReader[] = []): Telemetry {
  const spans = new InMemorySpanExporter();
  const tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const meters = new MeterProvider({ readers: [reader, ...readers] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  trace.setGlobalTracerProvider(tracers);
  metrics.setGlobalMeterProvider(meters);
  const points = async (): Promise<Record<string, number>> => {
    exporter.reset();
    await reader.forceFlush();
    const found: Record<string, number> = {};
    for (const { scopeMetrics } of exporter.getMetrics()) {
      for (const metric of scopeMetrics.flatMap((scope) => scope.metrics)) {
        for (const { attributes, value } of metric.dataPoints) {
          const told = Object.entries(attributes).map(([name, text]) => `${name}=${String(text)}`);
          const number = metric.dataPointType === DataPointType.HISTOGRAM ? (value as Histogram).count : (value as number);
          found[`${metric.descriptor.name}{${told.toSorted().join(',')}}`] = number;
        }
      }
    }
    return found;
  };
  return {
    spans: () => spans.getFinishedSpans(),
    points,
    async text() {
      const told = spans.getFinishedSpans().map(({ name, attributes, status, events, links }) => {
        return { name, attributes, status, events, links };
      });
      return JSON.stringify([await points(), told]);
    },
    async stop() {
      for (const global of [metrics, trace, context]) global.disable();
      await Promise.all([meters.shutdown(), tracers.shutdown()]);
    },
  };
}
