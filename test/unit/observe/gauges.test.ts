import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { systemTimer } from '../../../src/async/deadline.ts';
import { observeGauges, type GaugeSource, type WaitingJobs } from '../../../src/observe/gauges.ts';
import { startTelemetry, type Telemetry } from '../../support/telemetry.ts';

/** The gauges, as the real SDK exports them. */

let told: Telemetry;
let time = 0;
let reads = 0;
let stop = (): void => undefined;

beforeEach(() => {
  told = startTelemetry();
  time = 1_000_000;
  reads = 0;
});

afterEach(async () => {
  stop();
  await told.stop();
});

/** Observes what `answer` gives; each collection may read anew. */
function observe(
  answer: (signal: AbortSignal) => readonly WaitingJobs[] | Promise<readonly WaitingJobs[]>,
  more: Partial<GaugeSource> = {},
): void {
  const read = async (signal: AbortSignal): Promise<readonly WaitingJobs[]> => {
    reads += 1;
    return answer(signal);
  };
  stop = observeGauges({ read, now: () => time, timer: systemTimer, every: 10_000, timeout: 5_000, flows: 100, ...more });
}

const jobs = (flow: string, count: number, since: number, state = 'ambiguous'): WaitingJobs => {
  return { flow, state, count, oldest: new Date(since) };
};
const series = (name: string, flow: string): string => `mooring.job.${name}{mooring.flow=${flow},mooring.job.state=ambiguous}`;

test('a collection shows the jobs of each flow, with the age of the oldest', async () => {
  observe(() => [jobs('bull:a', 2, 940_000), jobs('bull:b', 1, 990_000)]);

  expect(await told.points()).toEqual({
    [series('count', 'bull:a')]: 2,
    [series('oldest_age', 'bull:a')]: 60,
    [series('count', 'bull:b')]: 1,
    [series('oldest_age', 'bull:b')]: 10,
  });
});

test('two collections within a while read once', async () => {
  observe(() => [jobs('bull:a', 2, 940_000)]);
  await told.points();
  time += 9_999;

  const points = await told.points();

  expect(reads).toBe(1);
  expect(points[series('oldest_age', 'bull:a')]).toBeCloseTo(69.999);
});

test('two collections at the same time share one read', async () => {
  observe(() => [jobs('bull:a', 2, 940_000)], { every: 1 });

  await Promise.all([told.points(), told.points()]);

  expect(reads).toBe(1);
});

test('a flow whose jobs are over shows 0, which the SDK would else keep as it was', async () => {
  const answers = [[jobs('bull:a', 2, 940_000)], []];
  observe(() => answers.shift() ?? []);
  await told.points();
  time += 10_000;

  const points = await told.points();

  expect(points).toEqual({ [series('count', 'bull:a')]: 0, [series('oldest_age', 'bull:a')]: 0 });
});

test('a read that fails shows no number, but is counted by its code', async () => {
  observe(() => {
    if (reads > 1) throw Object.assign(new Error('secret'), { code: 'mooring.store-unavailable' });
    return [jobs('bull:a', 2, 940_000)];
  });
  await told.points();
  time += 10_000;

  const points = await told.points();

  expect(points).toEqual({
    [series('count', 'bull:a')]: Number.NaN,
    [series('oldest_age', 'bull:a')]: Number.NaN,
    'mooring.summary_errors{error.type=mooring.store-unavailable}': 1,
  });
});

test('a read that hangs is given up by its signal', async () => {
  let given: AbortSignal | undefined;
  observe(
    (signal) => {
      given = signal;
      return new Promise(() => undefined);
    },
    { timeout: 1 },
  );

  await told.points();

  expect(given?.aborted).toBe(true);
  expect(await told.points()).toEqual({ 'mooring.summary_errors{error.type=timeout}': 1 });
});

test('flows beyond the most share one series', async () => {
  observe(() => [jobs('a', 1, 940_000), jobs('b', 2, 990_000), jobs('c', 4, 930_000)], { flows: 1 });

  const points = await told.points();

  expect(points[series('count', 'a')]).toBe(1);
  expect(points[series('count', '_OTHER')]).toBe(6);
  expect(points[series('oldest_age', '_OTHER')]).toBe(70);
});

test('after the stop no number is shown', async () => {
  observe(() => [jobs('bull:a', 2, 940_000)], { every: 1 });
  await told.points();
  stop();
  time += 10_000;

  const points = await told.points();

  expect(reads).toBe(1);
  expect(points[series('count', 'bull:a')]).toBeNaN();
});
