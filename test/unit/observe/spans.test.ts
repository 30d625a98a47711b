import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { context, trace, type Attributes } from '@opentelemetry/api';
import { fakeClock, memoryStateStore } from '../../../src/testing.ts';
import { externalSystem } from '../../support/external-system.ts';
import { testRuntime } from '../../support/runtime.ts';
import { startTelemetry, type Telemetry } from '../../support/telemetry.ts';

/** The spans that the SDK of OpenTelemetry gets of an attempt. */

let told: Telemetry;

beforeEach(() => {
  told = startTelemetry();
});

afterEach(() => told.stop());

const names = (): string[] => told.spans().map(({ name }) => name);
const attributesOf = (name: string): Attributes | undefined => told.spans().find((span) => span.name === name)?.attributes;

function world(activeLooks = 1) {
  const clock = fakeClock();
  const system = externalSystem({ clock, activeLooks });
  return { clock, system, task: testRuntime(memoryStateStore({ clock })) };
}

const SHOWN = { name: 'transcode', describe: (id: string) => ({ url: `https://me:secret@farm.example/jobs/${id}` }) };

test('C99 the spans of an attempt follow each other: decide, submit, wait, finish', async () => {
  const { system, task } = world();

  await task.attempt((ctx) => ctx.run(system.job(), 'clip'));

  expect(names()).toEqual(['mooring.submit', 'mooring.decide', 'mooring.wait', 'mooring.finish']);
});

test('C99 the span of a decision ends before the run waits', async () => {
  const { system, task } = world();
  const before: string[][] = [];
  const { getStatus } = system.job();
  const job = system.job({
    getStatus: (id, about) => {
      before.push(names());
      return getStatus(id, about);
    },
  });

  await task.attempt((ctx) => ctx.run(job, 'clip'));

  expect(before[0]).toEqual(['mooring.submit', 'mooring.decide']);
});

test('each span has the name, the external ID and the link of its job', async () => {
  const { system, task } = world();

  await task.attempt((ctx) => ctx.run(system.job(SHOWN), 'clip'));

  const about = {
    'mooring.job.name': 'transcode',
    'mooring.submission': 1,
    'mooring.attempt': 1,
    'mooring.external_id': 'job-1',
    'mooring.external_url': 'https://farm.example/jobs/job-1',
  };
  expect(attributesOf('mooring.submit')).toEqual(about);
  expect(attributesOf('mooring.wait')).toEqual({ ...about, 'mooring.wait.mode': 'hold', 'mooring.job.state': 'succeeded' });
  expect(attributesOf('mooring.finish')).toEqual(about);
});

test('no span and no metric has an input, a result, a password or the text of an error', async () => {
  const { system, task } = world();
  system.beforeReply = () => Promise.reject(new Error('secret'));
  const job = system.job({ ...SHOWN, idempotentFor: '1h', getResult: async () => 'secret' });

  await task.attempt((ctx) => ctx.run(job, 'secret')).catch(() => undefined);
  system.beforeReply = undefined;
  await task.attempt((ctx) => ctx.run(job, 'secret'));

  const all = await told.text();
  expect(all).toContain('mooring.finish');
  expect(all).not.toContain('secret');
});

test('spans are children of the one that is active in the task', async () => {
  const { system, task } = world();
  const parent = trace.getTracer('test').startSpan('process');

  await context.with(trace.setSpan(context.active(), parent), () => task.attempt((ctx) => ctx.run(system.job(), 'clip')));

  const parents = told.spans().map(({ parentSpanContext }) => parentSpanContext?.spanId);
  expect(new Set(parents)).toEqual(new Set([parent.spanContext().spanId]));
});

test('requests of the external job are children of the span that they belong to', async () => {
  const { system, task } = world();
  const seen: Record<string, string | undefined> = {};
  const note = (name: string): void => void (seen[name] = trace.getSpan(context.active())?.spanContext().spanId);
  const { submit, getStatus } = system.job();
  const job = system.job({
    submit: (input, about) => (note('mooring.submit'), submit(input, about)),
    getStatus: (id, about) => (note('mooring.wait'), getStatus(id, about)),
    getResult: async () => note('mooring.finish'),
  });

  await task.attempt((ctx) => ctx.run(job, 'clip'));

  for (const [name, id] of Object.entries(seen)) {
    expect(told.spans().find((span) => span.spanContext().spanId === id)?.name).toBe(name);
  }
  expect(Object.keys(seen)).toEqual(['mooring.submit', 'mooring.wait', 'mooring.finish']);
});

test('the wait of a later attempt links to the span that submitted the job', async () => {
  const { system, task } = world(2);
  await task.attempt((ctx) => ctx.submit(system.job(), 'clip'));

  await task.attempt((ctx) => ctx.run(system.job(), 'clip'));

  const [submit] = told.spans().filter(({ name }) => name === 'mooring.submit');
  const wait = told.spans().find(({ name }) => name === 'mooring.wait');
  expect(wait?.links.map(({ context: { spanId, traceId } }) => [traceId, spanId])).toEqual([
    [submit?.spanContext().traceId, submit?.spanContext().spanId],
  ]);
});

test('a wait links to nothing if no span was recorded with the job', async () => {
  await told.stop();
  const { system, task } = world(2);
  await task.attempt((ctx) => ctx.submit(system.job(), 'clip'));
  told = startTelemetry();

  await task.attempt((ctx) => ctx.run(system.job(), 'clip'));

  expect(told.spans().find(({ name }) => name === 'mooring.wait')?.links).toEqual([]);
});

test('a run that reaches no decision ends its span as an error', async () => {
  const { system, task } = world();
  const attempt = await task.start();
  attempt.abort(new Error('closing'));

  await attempt.context.run(system.job(), 'clip').catch(() => undefined);

  expect(told.spans().map(({ name, status }) => [name, status.code])).toEqual([['mooring.decide', 2]]);
});

test('an attempt that is stopped while it waits is no error', async () => {
  const { system, task } = world(Infinity);
  const attempt = await task.start();
  const running = attempt.context.run(
    system.job({ getStatus: async () => (attempt.abort(new Error('closing')), { state: 'active' }) }),
    1,
  );

  await running.catch(() => undefined);

  expect(told.spans().find(({ name }) => name === 'mooring.wait')?.status.code).toBe(0);
});

test('a failed submit is an error by the code of its error', async () => {
  const { system, task } = world();
  const broken = Object.assign(new Error('no'), { code: 'ECONNRESET' });
  system.beforeReply = () => Promise.reject(broken);

  await task.attempt((ctx) => ctx.run(system.job(), 'clip')).catch(() => undefined);

  const submit = told.spans().find(({ name }) => name === 'mooring.submit');
  expect(submit?.status).toEqual({ code: 2 });
  expect(submit?.attributes['error.type']).toBe('ECONNRESET');
});

test('ctx.decide() has a span', async () => {
  const { system, task } = world();

  await task.attempt((ctx) => ctx.decide(system.job(), 'clip'));

  expect(told.spans().map(({ name, attributes }) => [name, attributes['mooring.decision']])).toEqual([
    ['mooring.decide', 'submitted'],
  ]);
});
