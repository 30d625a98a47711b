import { afterEach, expect, test } from '@jest/globals';
import { metrics, trace, type Meter, type Span, type Tracer } from '@opentelemetry/api';
import { fakeClock, memoryObjectStore, memoryStateStore } from '../../../src/testing.ts';
import { countEvent } from '../../../src/observe/telemetry.ts';
import { externalSystem } from '../../support/external-system.ts';
import { testRuntime } from '../../support/runtime.ts';

/** What OpenTelemetry is told, by way of the API's own global providers. */
function observed(): { counts: Record<string, number>; spans: string[]; happened: string[] } {
  const seen = { counts: {} as Record<string, number>, spans: [] as string[], happened: [] as string[] };
  const createCounter = (name: string) => ({
    add: (by: number, tags: object = {}) => {
      const key = [name, ...Object.values(tags)].join(' ');
      seen.counts[key] = (seen.counts[key] ?? 0) + by;
    },
  });
  metrics.setGlobalMeterProvider({ getMeter: () => ({ createCounter }) as unknown as Meter });
  const startSpan = (name: string): Span => {
    let told = '';
    const span = {
      setAttribute: (key: string, value: string) => ((told = ` ${key}=${value}`), span),
      setStatus: () => ((told = ' error'), span),
      end: () => (seen.spans.push(name + told), seen.happened.push('span ended')),
    };
    return span as unknown as Span;
  };
  trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan }) as unknown as Tracer });
  return seen;
}

afterEach(() => {
  metrics.disable();
  trace.disable();
});

test('C99 decisions, offloaded bytes and status errors are counted', async () => {
  const seen = observed();
  const clock = fakeClock();
  const store = memoryStateStore({ clock, objectStore: memoryObjectStore(), offloadThreshold: 0, codec: 'none' });
  const system = externalSystem({ clock, activeLooks: 1 });
  let looks = 0;
  const job = system.job({
    getStatus: async () => {
      looks += 1;
      seen.happened.push('look');
      return looks === 2 ? { state: 'unknown' } : { state: looks > 3 ? 'succeeded' : 'active' };
    },
    getResult: async () => 'ten bytes!',
  });
  const task = testRuntime(store);
  await task.attempt((ctx) => ctx.run(job, 'clip'));
  await task.attempt((ctx) => ctx.run(job, 'clip'));

  expect(seen.counts).toEqual({
    'mooring.decisions submitted': 1,
    'mooring.decisions already-succeeded': 1,
    'mooring.status_errors': 1,
    'mooring.offloaded_bytes': 12,
  });
  expect(seen.spans).toEqual(['mooring.decide mooring.decision=submitted', 'mooring.decide mooring.decision=already-succeeded']);
});

test('C99 the span of a decision ends before the run waits', async () => {
  const seen = observed();
  const clock = fakeClock();
  const store = memoryStateStore({ clock, objectStore: memoryObjectStore(), offloadThreshold: 0, codec: 'none' });
  const system = externalSystem({ clock, activeLooks: 1 });
  let looks = 0;
  const job = system.job({
    getStatus: async () => {
      looks += 1;
      seen.happened.push('look');
      return looks === 2 ? { state: 'unknown' } : { state: looks > 3 ? 'succeeded' : 'active' };
    },
    getResult: async () => 'ten bytes!',
  });
  const task = testRuntime(store);
  await task.attempt((ctx) => ctx.run(job, 'clip'));

  await task.attempt((ctx) => ctx.run(job, 'clip'));

  expect(seen.spans).toEqual(['mooring.decide mooring.decision=submitted', 'mooring.decide mooring.decision=already-succeeded']);
  expect(seen.happened.indexOf('span ended')).toBeLessThan(seen.happened.indexOf('look'));
});

test('a run that reaches no decision ends its span as an error', async () => {
  const seen = observed();
  const clock = fakeClock();
  const system = externalSystem({ clock, activeLooks: 1 });
  const task = testRuntime(memoryStateStore({ clock }));
  const attempt = await task.start();
  attempt.abort(new Error('closing'));
  await attempt.context.run(system.job(), 'clip').catch(() => undefined);

  expect(seen.spans).toEqual(['mooring.decide error']);
});

test('ctx.decide() has a span without a count', async () => {
  const seen = observed();
  const clock = fakeClock();
  const task = testRuntime(memoryStateStore({ clock }));
  const job = externalSystem({ clock, activeLooks: 1 }).job();

  await task.attempt((ctx) => ctx.decide(job, 'clip'));

  expect(seen.spans).toEqual(['mooring.decide mooring.decision=submitted']);
  expect(seen.counts).toEqual({});
});

test('every event has its counter, without a path or a key in its tags', () => {
  const seen = observed();
  const scope = { flow: 'f', run: 'r', task: 't' };
  countEvent({ type: 'stale-write', scope, key: 'secret' });
  countEvent({ type: 'missing-object', scope, key: 'secret' });
  countEvent({ type: 'orphan', scope, key: 'secret' });
  countEvent({ type: 'sweep', report: { entries: 1, objects: 2, bytes: 30, failed: [{ path: 'secret', code: 'x' }] } });

  expect(seen.counts).toEqual({
    'mooring.stale_writes': 1,
    'mooring.missing_objects': 1,
    'mooring.orphans': 1,
    'mooring.swept_entries': 1,
    'mooring.swept_objects': 2,
    'mooring.swept_bytes': 30,
  });
});
