import { describe, expect, test } from '@jest/globals';
import { jobLogger, logLine, writeLog } from '../../../adapters/bullmq/attempt/job-log.ts';
import { progressReporter } from '../../../adapters/bullmq/attempt/reporting.ts';
import type { BullJob, JobDetails } from '../../../adapters/bullmq/runtime.ts';
import type { JobReport, Timer } from '../../../src/adapter-kit.ts';

function reported(progress: unknown = 0): { job: BullJob & JobDetails; lines: string[]; updates: unknown[] } {
  const lines: string[] = [];
  const updates: unknown[] = [];
  const job: BullJob & JobDetails = {
    name: 'task',
    data: {},
    timestamp: 0,
    attemptsMade: 0,
    queueQualifiedName: 'bull:q',
    progress,
    log: (row) => lines.push(...row.split('\n').map((line) => line.replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /, ''))),
    moveToDelayed: () => Promise.resolve(),
    updateProgress: async (value) => {
      job.progress = value;
      updates.push(value);
    },
  };
  return { job, lines, updates };
}

const REPORT: JobReport = {
  name: 'transcode',
  externalIdKey: 'external_job_id',
  item: undefined,
  submission: 1,
  externalId: 'job-1',
  url: undefined,
  state: 'active',
  progress: undefined,
};
const ACTIVE = { state: 'active', externalId: 'job-1' };

describe('the external jobs in the progress', () => {
  /** A timer that fires when the test says so. */
  function timer(): { set: Timer; fire(): void } {
    let fires: (() => void)[] = [];
    const set: Timer = (_ms, fire) => {
      fires.push(fire);
      return () => void (fires = fires.filter((one) => one !== fire));
    };
    const fire = (): void => fires.splice(0).forEach((one) => one());
    return { set, fire };
  }
  const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  async function after(current: unknown, ...told: Partial<JobReport>[]): Promise<unknown[]> {
    const { job, updates } = reported(current);
    const { set, fire } = timer();
    const { report } = progressReporter(job, set);
    for (const one of told) {
      report({ ...REPORT, ...one });
      await soon();
      fire();
      await soon();
    }
    return updates;
  }

  test('are under their names, with state, progress, ID and link', async () => {
    const url = 'https://farm.example/1';

    expect(await after(0, { progress: { percent: 40 }, url })).toEqual([
      { transcode: { ...ACTIVE, progress: { percent: 40 }, url } },
    ]);
  });

  test('are by item, with externalIdKey in place of a missing name', async () => {
    const updates = await after(0, { name: undefined }, { item: 'ch-1' }, { item: 2 });

    expect(updates.at(-1)).toEqual({ external_job_id: ACTIVE, 'transcode[ch-1]': ACTIVE, 'transcode[2]': ACTIVE });
  });

  test('are merged into an object of the user’s own', async () => {
    expect(await after({ mine: 1 }, {})).toEqual([{ mine: 1, transcode: ACTIVE }]);
  });

  test('never take the place of a number of the user’s own', async () => {
    expect(await after(10, {}, { progress: 3 })).toEqual([]);
  });

  test('are written once while they stay the same', async () => {
    expect(await after(0, {}, {}, { state: 'succeeded' })).toHaveLength(2);
  });

  test('are not written anew by an attempt that finds them as they are', async () => {
    expect(await after({ mine: 1, transcode: ACTIVE }, {})).toEqual([]);
  });

  test('are at most a hundred: the one that changed longest ago goes', async () => {
    const items = Array.from({ length: 101 }, (_none, item) => ({ item }));

    const last = (await after(0, ...items)).at(-1) as object;

    expect(Object.keys(last)).toHaveLength(100);
    expect(last).not.toHaveProperty(['transcode[0]']);
    expect(last).toHaveProperty(['transcode[100]']);
  });

  test('come back only when they change after they went', async () => {
    const items = Array.from({ length: 101 }, (_none, item) => ({ item }));

    const updates = await after(0, ...items, { item: 0 }, { item: 0, state: 'succeeded' });

    const last = updates.at(-1) as object;
    expect(updates).toHaveLength(102);
    expect(Object.keys(last)).toHaveLength(100);
    expect(last).toHaveProperty(['transcode[0]']);
    expect(last).not.toHaveProperty(['transcode[1]']);
  });

  test('take no entry of the user’s own away, however many there are', async () => {
    const own = Object.fromEntries(Array.from({ length: 150 }, (_none, at) => [`mine-${at}`, at]));
    const items = Array.from({ length: 101 }, (_none, item) => ({ item }));

    const last = (await after(own, ...items)).at(-1) as object;

    expect(last).toMatchObject(own);
    expect(Object.keys(last)).toHaveLength(250);
  });

  test('are at most a hundred after a release, with those of the attempt before', async () => {
    const before = Object.fromEntries(Array.from({ length: 100 }, (_none, item) => [`transcode[${item}]`, ACTIVE]));

    const last = (await after(before, { item: 100 }, { item: 101 })).at(-1) as object;

    expect(Object.keys(last)).toHaveLength(100);
    expect(last).toHaveProperty(['transcode[101]']);
  });

  test('are written at most once a second, the last report too', async () => {
    const { job, updates } = reported();
    const { set, fire } = timer();
    const { report } = progressReporter(job, set);
    for (let progress = 0; progress <= 50; progress += 1) {
      report({ ...REPORT, progress });
      await soon();
    }
    const before = updates.length;
    fire();
    await soon();

    expect(before).toBe(1);
    expect(updates).toEqual([{ transcode: { ...ACTIVE, progress: 0 } }, { transcode: { ...ACTIVE, progress: 50 } }]);
  });

  test('are written at the end without a pause', async () => {
    const { job, updates } = reported();
    const { report, end } = progressReporter(job, timer().set);
    report(REPORT);
    report({ ...REPORT, state: 'succeeded' });

    await end();
    report({ ...REPORT, state: 'failed' });

    expect(updates.at(-1)).toEqual({ transcode: { state: 'succeeded', externalId: 'job-1' } });
  });

  test('do not hold up an end if Redis does not answer', async () => {
    const { job } = reported();
    const { set, fire } = timer();
    job.updateProgress = () => new Promise(() => undefined);
    const { report, end } = progressReporter(job, set);
    report(REPORT);

    const ended = end();
    fire();

    await ended;
  });

  test('that cannot be written are nobody’s failure', async () => {
    const { job } = reported();
    job.updateProgress = () => Promise.reject(new Error('down'));
    const { report, end } = progressReporter(job);
    report(REPORT);
    job.log = () => {
      throw new Error('down');
    };
    jobLogger(job).info({}, 'submitted');

    await end();
  });
});

describe('the job’s log', () => {
  test('names what happened to what', () => {
    const { job, lines } = reported();
    const logger = jobLogger(Object.assign(job, { attemptsStarted: 2 }));
    logger.debug({}, 'polled');
    logger.info({ scope: { flow: 'f' }, externalId: { region: 'eu', id: 7 }, submission: 1, gone: undefined }, 'submitted');
    logger.info({ decision: 'reconnected', wait: 'release' }, 'reconnected');
    logger.warn({ err: new Error('timeout') }, 'the heartbeat failed');
    logger.warn({ err: new Error('timeout') }, 'the heartbeat failed');
    writeLog(job);

    expect(lines).toEqual([
      'mooring: submitted externalId={"region":"eu","id":7} submission=1',
      'mooring: the heartbeat failed err=timeout',
    ]);
  });

  test('has the time of each line', () => {
    const { job } = reported();
    const rows: string[] = [];
    job.log = (row) => rows.push(row);
    const before = Date.now();
    jobLogger(job).info({}, 'submitted');
    writeLog(job);

    const [time = '', ...text] = rows.join().split(' ');
    expect(text).toEqual(['mooring:', 'submitted']);
    expect(Date.parse(time)).toBeGreaterThanOrEqual(before);
  });

  test('names the item of a mapped task', () => {
    const { job, lines } = reported();
    jobLogger(job).info({ scope: { flow: 'f', run: 'r', task: 't', itemKey: 'ch-1' }, submission: 1 }, 'submitted');
    writeLog(job);

    expect(lines).toEqual(['mooring: submitted item=ch-1 submission=1']);
  });

  test('tells that a job came back, but not for each poll of one that was released', () => {
    const { job, lines } = reported();
    jobLogger(Object.assign(job, { attemptsStarted: 2 })).info({ decision: 'reconnected', wait: 'hold' }, 'reconnected');
    jobLogger(Object.assign(job, { attemptsStarted: 1 })).info({ decision: 'reconnected', wait: 'release' }, 'reconnected');
    writeLog(job);

    expect(lines).toEqual(['mooring: reconnected', 'mooring: reconnected']);
  });

  test('has one line for each change of the reason of a warning', () => {
    const { job, lines } = reported();
    const logger = jobLogger(job);
    for (const reason of ['busy', 'busy', 'down', 'down', 'busy'])
      logger.warn({ reason, idempotencyKey: lines.length }, 'refused');
    for (const externalId of ['a', 'b', 'a']) logger.warn({ externalId }, 'not cancelled');
    writeLog(job);

    expect(lines.map((line) => line.replace(/ idempotencyKey=\d+/, ''))).toEqual([
      'mooring: refused reason=busy',
      'mooring: refused reason=down',
      'mooring: refused reason=busy',
      'mooring: not cancelled externalId=a',
      'mooring: not cancelled externalId=b',
    ]);
  });

  test('has one row for lines that come close together, written when the first has waited, or at the end', () => {
    const { job } = reported();
    const rows: string[] = [];
    job.log = (row) => rows.push(row);
    const fires: (() => void)[] = [];
    const timer: Timer = (_ms, fire) => {
      fires.push(fire);
      return () => undefined;
    };
    for (const text of ['submitted', 'succeeded']) logLine(job, text, timer);
    expect(rows).toEqual([]);
    fires[0]?.();
    for (const text of ['cancelled', 'more']) logLine(job, text, timer);
    writeLog(job);
    writeLog(job);

    expect(fires).toHaveLength(2);
    expect(rows.map((row) => row.replaceAll(/^\S+ mooring: /gm, ''))).toEqual(['submitted\nsucceeded', 'cancelled\nmore']);
  });

  test('does not grow without end while a row waits', () => {
    const { job } = reported();
    const rows: string[] = [];
    job.log = (row) => rows.push(row);
    for (let at = 0; at < 250; at += 1) logLine(job, String(at));
    writeLog(job);

    expect(rows.map((row) => row.split('\n').length)).toEqual([100, 100, 50]);
  });
});
