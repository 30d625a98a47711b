import { describe, expect, test } from '@jest/globals';
import { jobLogger, progressReporter } from '../../../adapters/bullmq/attempt/reporting.ts';
import type { BullJob, JobDetails } from '../../../adapters/bullmq/runtime.ts';
import type { JsonValue } from '../../../src/index.ts';

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
    log: (row) => lines.push(row),
    moveToDelayed: () => Promise.resolve(),
    updateProgress: async (value) => {
      job.progress = value;
      updates.push(value);
    },
  };
  return { job, lines, updates };
}

describe('the progress of the external job', () => {
  async function after(current: unknown, ...told: JsonValue[]): Promise<unknown[]> {
    const { job, updates } = reported(current);
    const report = progressReporter(job);
    for (const progress of told) {
      report(progress);
      await new Promise(setImmediate);
    }
    return updates;
  }

  test('is merged where both are objects', async () => {
    expect(await after({ mine: 1, done: 1 }, { done: 2 })).toEqual([{ mine: 1, done: 2 }]);
  });

  test('is taken unchanged where the job has none yet, or one of the same kind', async () => {
    expect(await after(0, { done: 1 })).toEqual([{ done: 1 }]);
    expect(await after(undefined, 10, 20)).toEqual([10, 20]);
    expect(await after(10, 'half')).toEqual(['half']);
  });

  test('never takes the place of another kind', async () => {
    expect(await after(10, { done: 1 })).toEqual([]);
    expect(await after({ mine: 1 }, 10)).toEqual([]);
  });

  test('is told once while it stays the same', async () => {
    expect(await after(0, { done: 1 }, { done: 1 }, { done: 2 })).toHaveLength(2);
  });

  test('that cannot be written is nobody’s failure', async () => {
    const { job } = reported();
    job.updateProgress = () => Promise.reject(new Error('down'));
    progressReporter(job)({ done: 1 });
    job.log = () => {
      throw new Error('down');
    };
    jobLogger(job).info({}, 'submitted');
    await new Promise(setImmediate);
  });
});

describe('the job’s log', () => {
  test('names what happened to what', async () => {
    const { job, lines } = reported();
    const logger = jobLogger(Object.assign(job, { attemptsStarted: 2 }));
    logger.debug({}, 'polled');
    logger.info({ scope: { flow: 'f' }, externalId: { region: 'eu', id: 7 }, submission: 1, gone: undefined }, 'submitted');
    logger.info({ decision: 'reconnected', wait: 'release' }, 'reconnected');
    logger.warn({ err: new Error('timeout') }, 'the heartbeat failed');
    logger.warn({ err: new Error('timeout') }, 'the heartbeat failed');
    await new Promise(setImmediate);

    expect(lines).toEqual([
      'mooring: submitted externalId={"region":"eu","id":7} submission=1',
      'mooring: the heartbeat failed err=timeout',
    ]);
  });

  test('tells that a job came back, but not for each poll of one that was released', async () => {
    const { job, lines } = reported();
    jobLogger(Object.assign(job, { attemptsStarted: 2 })).info({ decision: 'reconnected', wait: 'hold' }, 'reconnected');
    jobLogger(Object.assign(job, { attemptsStarted: 1 })).info({ decision: 'reconnected', wait: 'release' }, 'reconnected');
    await new Promise(setImmediate);

    expect(lines).toEqual(['mooring: reconnected', 'mooring: reconnected']);
  });

  test('has one line for each change of the reason of a warning', async () => {
    const { job, lines } = reported();
    const logger = jobLogger(job);
    for (const reason of ['busy', 'busy', 'down', 'down', 'busy'])
      logger.warn({ reason, idempotencyKey: lines.length }, 'refused');
    for (const externalId of ['a', 'b', 'a']) logger.warn({ externalId }, 'not cancelled');
    await new Promise(setImmediate);

    expect(lines.map((line) => line.replace(/ idempotencyKey=\d+/, ''))).toEqual([
      'mooring: refused reason=busy',
      'mooring: refused reason=down',
      'mooring: refused reason=busy',
      'mooring: not cancelled externalId=a',
      'mooring: not cancelled externalId=b',
    ]);
  });
});
