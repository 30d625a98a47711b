import { afterEach, expect, jest, test } from '@jest/globals';
import { EventEmitter } from 'node:events';
import { runWithState, type BullJob } from '../../../adapters/bullmq/index.ts';
import { createStateStore, type StateStore } from '../../../src/index.ts';
import { memoryMetastore } from '../../../src/metastore/memory/store.ts';
import { externalSystem } from '../../support/external-system.ts';
import { until } from '../../support/until.ts';

/** `runWithState`, whose every call brings its options anew. */

const ADDED = Date.now();

function jobOf(id: string, queue?: unknown, more: object = {}): BullJob {
  const job = {
    id,
    name: 'export',
    data: {},
    timestamp: ADDED,
    attemptsMade: 0,
    attemptsStarted: 1,
    queueQualifiedName: 'bull:films',
  };
  const calls = { log: () => 0, moveToDelayed: async () => undefined, updateProgress: async () => undefined };
  return { ...job, ...calls, ...more, ...(queue !== undefined && { queue }) };
}

const open = (): StateStore => createStateStore({ metastore: memoryMetastore() });
const workerOf = (): EventEmitter => Object.assign(new EventEmitter(), { processFn: () => undefined });

afterEach(() => {
  jest.restoreAllMocks();
});

test.each(['cancel', 'leave'] as const)(
  'does as told (%s) with a job whose last attempt died elsewhere',
  async (onFinalFailure) => {
    const store = open();
    const worker = workerOf();
    const system = externalSystem();
    const run = (id: string): Promise<unknown> =>
      runWithState(
        store,
        { job: jobOf(id, worker), token: 't', signal: undefined },
        async (ctx) => void (await ctx.submit(system.job(), undefined)),
        { onFinalFailure },
      );
    await run('1');
    await run('2');
    const lines: string[] = [];
    worker.emit('failed', jobOf('1', worker, { finishedOn: 2, log: (line: string) => lines.push(line) }));
    if (onFinalFailure === 'cancel') await until(() => lines.length > 0);
    await new Promise((resolve) => setImmediate(resolve));

    expect(system.cancelled).toEqual(onFinalFailure === 'cancel' ? ['job-1 gave-up'] : []);
  },
);

test('cancels the external jobs of a job that was given up with those that are named for jobs of its name', async () => {
  const metastore = memoryMetastore();
  const [store, elsewhere] = [createStateStore({ metastore }), createStateStore({ metastore })];
  const worker = workerOf();
  const systems = { video: externalSystem(), email: externalSystem() };
  for (const [name, system] of Object.entries(systems)) {
    const call = { job: jobOf(name, worker, { name }), token: 't', signal: undefined };
    await runWithState(elsewhere, call, async (ctx) => void (await ctx.submit(system.job(), undefined)));
    await runWithState(store, call, async () => undefined, { onFinalFailure: 'cancel', externalJobs: [system.job()] });
  }
  const lines: string[] = [];
  worker.emit('failed', jobOf('video', worker, { name: 'video', finishedOn: 2, log: (line: string) => lines.push(line) }));
  await until(() => lines.length > 0);

  expect([systems.video.cancelled, systems.email.cancelled]).toEqual([['job-1 gave-up'], []]);
});

test('warns once for a store, not once for a job', async () => {
  const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const store = open();

  for (const id of ['1', '2', '3']) {
    const job = jobOf(id, undefined, { extendLock: async () => 1 });
    await runWithState(store, { job, token: 't', signal: undefined }, async () => undefined);
  }

  expect(warn).toHaveBeenCalledTimes(1);
});
