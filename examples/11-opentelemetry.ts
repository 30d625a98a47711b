/**
 * Metrics for Prometheus and spans, by the SDK of OpenTelemetry: what the dashboard and the alerts of Mooring show. A second
 * attempt finds the job of the first, and its span links to the one that submitted it.
 *
 * In your program the set-up comes first, in a file of its own that `node --import` loads. Spans go to an exporter such as
 * `@opentelemetry/exporter-trace-otlp-http`; here they are printed.
 *
 * Run it: `npx tsx examples/11-opentelemetry.ts`, with a Redis at REDIS_URL or on this machine.
 */
import { context, metrics, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { Queue, QueueEvents, Worker, type Job } from 'bullmq';
import { Redis } from 'ioredis';
import { createStateStore, externalJob, observeJobs, type TaskContext } from 'mooring';
import { withState } from 'mooring/bullmq';
import { redisMetastore } from 'mooring/redis';
import { farm, startFarm, type Video } from './farm.ts';

// The SDK, before anything is measured.
const prometheus = new PrometheusExporter({ host: '127.0.0.1', port: 9464, preventServerStart: true }); // your program lets it start
const meters = new MeterProvider({ readers: [prometheus] });
const spans = new InMemorySpanExporter();
const tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] });
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable()); // spans of the worker's requests find their parent
metrics.setGlobalMeterProvider(meters);
trace.setGlobalTracerProvider(tracers);

const connection = new Redis(process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379', { maxRetriesPerRequest: null });
const store = createStateStore({ metastore: redisMetastore({ client: connection }), namespace: 'example-11' });
const stop = observeJobs(store, { every: '1s' }); // the gauges: jobs that wait, by queue and state
const theFarm = await startFarm(2);

const transcode = externalJob({
  name: 'transcode', // names the series
  submit: (video: Video, { idempotencyKey }) => farm.submit(video, { token: idempotencyKey }),
  idempotentFor: '24h',
  getStatus: (id) => farm.status(id),
  getResult: (id) => farm.output(id),
  describe: (id) => ({ url: `https://farm.example/jobs/${id}` }),
  pollInterval: '200ms',
});

const queue = new Queue('example-11', { connection });
const events = new QueueEvents('example-11', { connection });
await events.waitUntilReady();
const processor = withState(store, async (job: Job<Video>, ctx: TaskContext) => {
  await ctx.submit(transcode, job.data);
  if (job.attemptsMade === 0) throw new Error('a step after the submit failed');
  return ctx.run(transcode, job.data);
});
const worker = new Worker('example-11', processor, { connection });

const job = await queue.add('video', { source: 'delta', preset: 'hd' } satisfies Video, { attempts: 2, backoff: 500 });
await new Promise((resolve) => events.once('waiting', resolve));
while ((await queue.getJob(String(job.id)))?.attemptsMade !== 1) await new Promise((resolve) => setTimeout(resolve, 20));
console.log(await scrape(/^mooring_job_count/));
await job.waitUntilFinished(events);
console.log(await scrape(/^mooring_(?:submits|reconnects)_total|^mooring_job_duration_count/));
for (const { name, attributes, links } of spans.getFinishedSpans()) {
  const about = name === 'mooring.decide' ? attributes['mooring.decision'] : attributes['mooring.external_url'];
  console.log(name, about, links.length === 0 ? '' : `linked to ${spanName(links[0]?.context.spanId)}`);
}

stop();
await worker.close();
await events.close();
await queue.obliterate({ force: true });
await queue.close();
await Promise.all([meters.shutdown(), tracers.shutdown()]);
connection.disconnect();
theFarm.close();

function spanName(id: string | undefined): string {
  return spans.getFinishedSpans().find((span) => span.spanContext().spanId === id)?.name ?? 'nothing';
}

/** What Prometheus would get, without a server: only the lines that match. */
async function scrape(lines: RegExp): Promise<string> {
  const text = await new Promise<string>((resolve) => {
    const response = { setHeader: () => undefined, end: resolve, statusCode: 200 };
    prometheus.getMetricsRequestHandler({} as never, response as never);
  });
  return text
    .split('\n')
    .filter((line) => lines.test(line))
    .join('\n');
}
