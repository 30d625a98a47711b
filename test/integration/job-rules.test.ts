import { describe, expect, test } from '@jest/globals';
import {
  AmbiguousSubmitError,
  ExternalJobFailedError,
  jobRecords,
  NotSubmittedError,
  OutcomeUnknownError,
  StaleAttemptError,
  type JobRecord,
  type StateStore,
} from '../../src/index.ts';
import { isStoreOutage } from '../../src/adapter-kit.ts';
import { fakeClock, memoryStateStore } from '../../src/testing.ts';
import { externalSystem, type ExternalSystemOptions, type AcceptedJob } from '../support/external-system.ts';
import { flushable } from '../support/flushable.ts';
import { interceptMetastore, type InterceptOperation } from '../support/intercept.ts';
import { TASK, testRuntime, type FenceKind } from '../support/runtime.ts';
import { until } from '../support/until.ts';

/** The rules of `docs/design.md` that the model showed to be necessary. Each test fails where its rule is removed. */

const pass: InterceptOperation = (_call, proceed) => proceed();

function setting(
  options: Partial<ExternalSystemOptions> & { intercept?: InterceptOperation; fence?: FenceKind; young?: boolean } = {},
) {
  const { intercept = pass, fence = 'ordered', young = false, ...systemOptions } = options;
  const clock = fakeClock();
  const { metastore, flush } = flushable();
  const store = memoryStateStore({ clock, metastore: interceptMetastore(metastore, intercept) });
  const system = externalSystem({ clock, activeLooks: 1, ...systemOptions });
  // A namespace that is as young as the job makes a later attempt without a fence look like one whose state was lost.
  const task = testRuntime(store, { fence, ...(young && { createdAt: new Date(clock.now()) }) });
  return { clock, store, system, task, flush };
}

const record = (store: StateStore): Promise<JobRecord | undefined> => jobRecords(store).get(TASK);

async function orphans(store: StateStore): Promise<unknown[]> {
  const ids: unknown[] = [];
  for await (const { externalId } of jobRecords(store).orphans()) ids.push(externalId);
  return ids;
}

function jobAt(key: string, acceptedAt: number): AcceptedJob {
  return { id: 'job-1', key, input: 'clip', submission: 1, callbackToken: '', looks: 0, acceptedAt };
}

/** The record write that an intercepted call makes. */
const letterOf = (args: readonly unknown[]): string | undefined => (args[1] as { letter?: string } | undefined)?.letter;

/** A promise and what fulfils it. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open: () => open() };
}

const thrown = (error: unknown): unknown => error;

describe('† the nonce and the fence', () => {
  test('of two runs with one fence the later one is refused', async () => {
    const { system, task } = setting();
    const fence = { kind: 'ordered', order: [1, 1] } as const;
    const one = await task.start({ fence });
    const two = await task.start({ fence });
    await one.context.submit(system.job(), 'clip');

    await expect(two.context.run(system.job(), 'clip')).rejects.toBeInstanceOf(StaleAttemptError);
    expect(system.calls).toEqual(['submit']);
  });

  test('draw, then prove, then install: a proof that fails after the draw installs nothing', async () => {
    const order: string[] = [];
    const { system, task } = setting({ fence: 'drawn', intercept: ({ method }, proceed) => (order.push(method), proceed()) });
    const owner = await task.start();
    const zombie = await task.start({ fence: { kind: 'drawn', prove: async () => (order.push('prove'), false) } });
    order.length = 0;

    await expect(zombie.context.run(system.job(), 'clip')).rejects.toBeInstanceOf(StaleAttemptError);
    expect(order).toEqual(['fences.draw', 'prove']);
    expect(system.jobs).toHaveLength(0);

    void owner;
  });

  test('a fence that was drawn and proven before a newer attempt began is refused', async () => {
    const { system, task } = setting({ fence: 'drawn' });
    const proof = gate();
    let proving = false;
    const slow = await task.start({ fence: { kind: 'drawn', prove: async () => ((proving = true), await proof.opened, true) } });
    const running = slow.context.run(system.job(), 'clip').catch(thrown);
    await until(() => proving);
    await (await task.start()).context.submit(system.job(), 'clip');
    proof.open();

    expect(await running).toBeInstanceOf(StaleAttemptError);
    expect(system.jobs).toHaveLength(1);
  });
});

describe('† state lost', () => {
  test('plain: ambiguous, for a later attempt and for every one after it', async () => {
    const { store, system, task } = setting({ young: true });
    await task.start();

    for (const first of [false, true]) {
      await expect(task.attempt((ctx) => ctx.run(system.job(), 'clip'), { first })).rejects.toBeInstanceOf(AmbiguousSubmitError);
    }

    expect(await record(store)).toMatchObject({ state: 'ambiguous', submission: 1, since: task.createdAt });
    expect(system.jobs).toHaveLength(0);
  });

  test('the note stays with the fence: for every attempt, a record that is none is as lost', async () => {
    const { system, task } = setting({ young: true });
    await task.start();
    await task.attempt((ctx) => ctx.state.set('cursor', 1));

    await expect(task.attempt((ctx) => ctx.run(system.job(), 'clip'), { first: true })).rejects.toBeInstanceOf(
      AmbiguousSubmitError,
    );
    expect(system.jobs).toHaveLength(0);
  });

  test('findable: waits one submit timeout from the note and the lag, then finds what was submitted before', async () => {
    const { clock, system, task, flush } = setting({ kind: 'findable', young: true });
    const key = (await (await task.start()).context.decide(system.job(), 'clip')).idempotencyKey;
    flush();
    const lostAt = clock.now();
    system.jobs.push(jobAt(key, lostAt + 69_000));

    expect(await task.attempt((ctx) => ctx.run(system.job(), 'clip'))).toBe('result of job-1');
    expect(clock.now() - lostAt).toBeGreaterThanOrEqual(70_000);
    expect(system.jobs).toHaveLength(1);
  });

  test('keyed: the same key, as long as its window, from the creation of the job, outlasts the new deadline', async () => {
    const { clock, system, task, flush } = setting({ kind: 'keyed', idempotentFor: '1h', young: true });
    await task.attempt((ctx) => ctx.submit(system.job(), 'clip'));
    flush();
    clock.advance('58m');
    expect(await task.attempt((ctx) => ctx.submit(system.job(), 'clip'))).toBe('job-1');
    flush();
    clock.advance('2m');

    await expect(task.attempt((ctx) => ctx.submit(system.job(), 'clip'))).rejects.toBeInstanceOf(AmbiguousSubmitError);
    expect(system.jobs).toHaveLength(1);
  });

  test('the fingerprint is in the key: a changed input after a flush is another job, not the wrong one', async () => {
    const { system, task, flush } = setting({ kind: 'keyed', young: true });
    const job = system.job({ fingerprint: String });
    await task.attempt((ctx) => ctx.submit(job, 'clip'));
    flush();

    expect(await task.attempt((ctx) => ctx.run(job, 'another'))).toBe('result of job-2');
  });

  test('found out while an attempt writes ahead: it begins again as a later attempt', async () => {
    let onWrite = (): void => undefined;
    const { system, task, flush } = setting({
      young: true,
      intercept: ({ args }, proceed) => {
        if (letterOf(args) === 's') onWrite();
        return proceed();
      },
    });
    onWrite = () => {
      onWrite = () => undefined;
      flush();
    };

    await expect(task.attempt((ctx) => ctx.run(system.job(), 'clip'))).rejects.toBeInstanceOf(AmbiguousSubmitError);
    expect(system.jobs).toHaveLength(0);
  });

  test('also between two external jobs of one attempt: the second is looked for first', async () => {
    const { system, task, flush } = setting({ kind: 'findable' });
    const attempt = await task.start();
    await attempt.context.run(system.job({ externalIdKey: 'one' }), 'a');
    expect(system.calls).not.toContain('find');
    flush();
    await attempt.context.run(system.job({ externalIdKey: 'two' }), 'b');

    expect(system.calls).toContain('find');
  });
});

test('the time between two ticks of a monotonic clock is no part of a record', async () => {
  const clock = fakeClock();
  const store = memoryStateStore({ clock: { ...clock, monotonic: () => clock.now() + Math.random() } });
  const system = externalSystem({ clock, activeLooks: 1 });
  const task = testRuntime(store, { createdAt: new Date(clock.now()) });
  await task.start();

  await expect(task.attempt((ctx) => ctx.run(system.job(), 'clip'))).rejects.toBeInstanceOf(AmbiguousSubmitError);
  expect(await record(store)).toMatchObject({ state: 'ambiguous' });
});

describe('C91 † an unresolved send of an earlier attempt', () => {
  test('findable: waits for the recorded deadline and the lag before it submits', async () => {
    const { clock, store, system, task } = setting({ kind: 'findable' });
    await task.attempt((ctx) => ctx.run(system.job(), 'clip'), { killAt: 'G3' }).catch(thrown);
    const sentAt = clock.now();
    // The first attempt's request is accepted at the end of its time, and shown at the end of the lag.
    system.jobs.push(jobAt((await record(store))!.idempotencyKey, sentAt + 69_000));

    expect(await task.attempt((ctx) => ctx.run(system.job(), 'clip'))).toBe('result of job-1');
    expect(clock.now() - sentAt).toBeGreaterThanOrEqual(70_000);
    expect(system.jobs).toHaveLength(1);
  });

  test('keyed: the stored key is sent again only while the window, from its first send, outlasts the new deadline', async () => {
    const { clock, store, system, task } = setting({ kind: 'keyed', idempotentFor: '10m' });
    const run = () => task.attempt((ctx) => ctx.run(system.job(), 'clip'), { killAt: 'G6' }).catch(thrown);
    await run();
    const { key } = system.jobs[0]!;
    clock.advance('8m');
    await run();
    expect(system.calls).toEqual(['submit', 'submit']);
    expect(await record(store)).toMatchObject({ state: 'submitting', idempotencyKey: key });
    clock.advance('1m');

    expect(await run()).toBeInstanceOf(AmbiguousSubmitError);
    expect(system.calls).toEqual(['submit', 'submit']);
  });

  test('keyed: what decided on time and wrote too late does not submit', async () => {
    let late = (): void => undefined;
    const { clock, system, task } = setting({
      kind: 'keyed',
      idempotentFor: '10m',
      intercept: ({ args }, proceed) => {
        if (letterOf(args) === 's') late();
        return proceed();
      },
    });
    await task.attempt((ctx) => ctx.run(system.job(), 'clip'), { killAt: 'G6' }).catch(thrown);
    late = () => clock.advance('9m');

    await expect(task.attempt((ctx) => ctx.run(system.job(), 'clip'))).rejects.toBeInstanceOf(AmbiguousSubmitError);
    expect(system.calls).toEqual(['submit']);
  });

  test('plain: the ID of an attempt that was only slow is used', async () => {
    const { clock, store, system, task } = setting();
    const reply = gate();
    const slow = system.job({
      submit: async (input, context) => {
        const id = await system.job().submit(input, context);
        await reply.opened;
        return id;
      },
    });
    const old = await task.start();
    const before = clock.now();
    const first = old.context.run(slow, 'clip').catch(thrown);
    await until(() => system.jobs.length === 1);
    // By the exception to the fence: the record is still the very `submitting` that the first attempt wrote.
    const second = task.attempt((ctx) => {
      void Promise.resolve().then(reply.open);
      return ctx.run(system.job(), 'clip');
    });

    expect(await second).toBe('result of job-1');
    expect(clock.now() - before).toBeGreaterThanOrEqual(60_000);
    expect(await first).toBeInstanceOf(StaleAttemptError);
    expect(system.jobs).toHaveLength(1);
    expect(await orphans(store)).toEqual([]);
  });
});

describe('† the record is the one that was decided on', () => {
  test('submitting: where a person answered meanwhile, the attempt decides again', async () => {
    let meanwhile = async (): Promise<void> => undefined;
    const { clock, store, system, task } = setting({
      kind: 'findable',
      intercept: async ({ args }, proceed) => {
        if (letterOf(args) === 's') await meanwhile();
        return proceed();
      },
    });
    await task.attempt((ctx) => ctx.run(system.job(), 'clip'), { killAt: 'G3' }).catch(thrown);
    clock.advance('2m');
    system.jobs.push({ ...jobAt('of a person', clock.now()), id: 'job-7' });
    meanwhile = async () => {
      meanwhile = async () => undefined;
      await jobRecords(store).adopt((await record(store))!, 'job-7');
    };

    expect(await task.attempt((ctx) => ctx.run(system.job(), 'clip'))).toBe('result of job-7');
    expect(system.calls).not.toContain('submit');
  });

  test('ambiguous: where a person answered meanwhile, it is not written', async () => {
    let meanwhile = async (): Promise<void> => undefined;
    const { clock, store, system, task } = setting({
      intercept: async ({ args }, proceed) => {
        if (letterOf(args) === 'a') await meanwhile();
        return proceed();
      },
    });
    await task.attempt((ctx) => ctx.run(system.job(), 'clip'), { killAt: 'G5' }).catch(thrown);
    meanwhile = async () => {
      meanwhile = async () => undefined;
      clock.advance('15s');
      await jobRecords(store).adopt((await record(store))!, 'job-1');
    };

    expect(await task.attempt((ctx) => ctx.run(system.job(), 'clip'))).toBe('result of job-1');
  });

  test('submitted: a record that holds another ID keeps it', async () => {
    const { clock, store, system, task } = setting();
    const reply = gate();
    const slow = system.job({
      submit: async (input, context) => {
        const id = await system.job().submit(input, context);
        await reply.opened;
        return id;
      },
    });
    const attempt = await task.start();
    const running = attempt.context.run(slow, 'clip').catch(thrown);
    await until(() => system.jobs.length === 1);
    clock.advance('2m');
    await jobRecords(store).adopt((await record(store))!, 'job-9');
    reply.open();

    expect(await running).toBeInstanceOf(StaleAttemptError);
    expect(await record(store)).toMatchObject({ state: 'submitted', externalId: 'job-9' });
    expect(await orphans(store)).toEqual(['job-1']);
    expect(system.cancelled).toEqual([]);
  });

  test('any write of an ID takes it off the list of orphans', async () => {
    const { store, system, task } = setting();
    const attempt = await task.start();
    await attempt.context.submit(system.job(), 'clip');
    const handle = store.task(TASK);
    await handle.clear();
    expect(await orphans(store)).toEqual(['job-1']);
    const again = system.job({ submit: async () => 'job-1' });
    await task.attempt((ctx) => ctx.run(again, 'clip'));

    expect(await orphans(store)).toEqual([]);
  });
});

describe('† the submit timeout', () => {
  const slowWrite = (lost: boolean): { intercept: InterceptOperation; slow: { by: () => void } } => {
    const slow = { by: (): void => undefined };
    return {
      slow,
      intercept: async ({ args }, proceed) => {
        const reply = await (proceed() as Promise<unknown>);
        if (letterOf(args) !== 's') return reply;
        slow.by();
        if (!lost || (args[1] as { resent: boolean }).resent) return reply;
        throw new OutcomeUnknownError('no-answer', 'silence');
      },
    };
  };

  test.each([
    ['one slow write', false],
    ['a write that was sent again: it counts from the first time', true],
  ])('%s: the submission is withdrawn before anything is submitted', async (_name, lost) => {
    const { intercept, slow } = slowWrite(lost);
    const { clock, store, system, task } = setting({ intercept });
    slow.by = () => clock.advance('61s');
    const error: unknown = await task.attempt((ctx) => ctx.run(system.job(), 'clip')).catch(thrown);
    expect(isStoreOutage(error)).toBe(true);
    expect(system.calls).toEqual([]);
    expect(await record(store)).toBeUndefined();
    slow.by = () => undefined;

    expect(await task.attempt((ctx) => ctx.run(system.job(), 'clip'))).toBe('result of job-1');
  });

  test('a search that takes longer: the submission is withdrawn before anything is submitted', async () => {
    const { clock, store, system, task } = setting({ kind: 'findable' });
    await task.attempt(() => Promise.resolve());
    const slow = system.job({
      find: async () => {
        clock.advance('61s');
        return undefined;
      },
    });

    await expect(task.attempt((ctx) => ctx.run(slow, 'clip'))).rejects.toBeInstanceOf(NotSubmittedError);
    expect(system.calls).toEqual([]);
    expect(await record(store)).toBeUndefined();
  });

  test('a submit that gives no answer within it leaves the question open', async () => {
    const { store, system, task } = setting({ kind: 'keyed' });
    const silent = system.job({ submitTimeout: '10ms', submit: () => new Promise(() => undefined) });

    await expect(task.attempt((ctx) => ctx.run(silent, 'clip'))).rejects.toMatchObject({ code: 'mooring.outcome-unknown' });
    expect(await record(store)).toMatchObject({ state: 'submitting' });
    expect(await task.attempt((ctx) => ctx.run(system.job(), 'clip'))).toBe('result of job-1');
  });
});

describe('† withdrawing', () => {
  const refuses = { submit: () => Promise.reject(new NotSubmittedError('queue full')) };

  test('of a submission that this attempt opened leaves none, with its number and the earlier ones', async () => {
    const { store, system, task } = setting();
    await (await task.start()).context.submit(system.job(), 'clip');
    system.end('job-1', { state: 'failed', reason: 'x' });
    await task.attempt((ctx) => ctx.run(system.job(), 'clip')).catch(thrown);
    await expect(task.attempt((ctx) => ctx.run(system.job(refuses), 'clip'))).rejects.toBeInstanceOf(NotSubmittedError);
    expect(await record(store)).toBeUndefined();
    await task.attempt((ctx) => ctx.run(system.job(), 'clip'));

    expect(await record(store)).toMatchObject({ submission: 2, previous: [expect.objectContaining({ externalId: 'job-1' })] });
  });

  test('of one that an earlier attempt opened leaves it unresolved', async () => {
    const { store, system, task } = setting({ kind: 'keyed' });
    await task.attempt((ctx) => ctx.run(system.job(), 'clip'), { killAt: 'G5' }).catch(thrown);

    await expect(task.attempt((ctx) => ctx.run(system.job(refuses), 'clip'))).rejects.toBeInstanceOf(NotSubmittedError);
    expect(await record(store)).toMatchObject({ state: 'submitting', idempotencyKey: system.jobs[0]!.key });
  });

  test('any other error leaves the submission unresolved', async () => {
    const { store, system, task } = setting();
    const broken = system.job({ submit: () => Promise.reject(new TypeError('socket hang up')) });

    await expect(task.attempt((ctx) => ctx.run(broken, 'clip'))).rejects.toBeInstanceOf(TypeError);
    expect(await record(store)).toMatchObject({ state: 'submitting' });
  });

  test('of a write-ahead without an answer: what was applied is taken back', async () => {
    const { store, system, task } = setting({
      intercept: async ({ args }, proceed) => {
        const reply = await (proceed() as Promise<unknown>);
        if (letterOf(args) === 's') throw new OutcomeUnknownError('not-replicated', 'short of replicas');
        return reply;
      },
    });

    await expect(task.attempt((ctx) => ctx.run(system.job(), 'clip'))).rejects.toBeInstanceOf(OutcomeUnknownError);
    expect(system.calls).toEqual([]);
    expect(await record(store)).toBeUndefined();
  });
});

describe('† a failure costs an attempt', () => {
  const FAILED = { state: 'failed', reason: 'oom' } as const;

  test('whoever learns of it throws it, also an attempt that took the submission over', async () => {
    const { store, system, task } = setting({ kind: 'keyed' });
    await task.attempt((ctx) => ctx.run(system.job(), 'clip'), { killAt: 'G5' }).catch(thrown);
    system.end('job-1', FAILED);
    const error = await task.attempt((ctx) => ctx.run(system.job(), 'clip')).catch(thrown);

    expect(error).toBeInstanceOf(ExternalJobFailedError);
    expect(system.jobs).toHaveLength(1);
    expect(await record(store)).toMatchObject({ submission: 1, state: 'failed' });
  });

  test('only a record that is read as failed opens the next submission', async () => {
    const { store, system, task } = setting({ kind: 'keyed' });
    await task.attempt((ctx) => ctx.run(system.job(), 'clip'), { killAt: 'G9' }).catch(thrown);
    system.end('job-1', FAILED);
    await task.attempt((ctx) => ctx.run(system.job(), 'clip')).catch(thrown);

    expect(await task.attempt((ctx) => ctx.run(system.job(), 'clip'))).toBe('result of job-2');
    expect(await record(store)).toMatchObject({ submission: 2, state: 'succeeded' });
  });

  test('an attempt that has sent opens no second submission, if Redis was rolled back to a failed record', async () => {
    let failedRecord: unknown;
    let rolledBack = false;
    const { system, task } = setting({
      kind: 'keyed',
      intercept: async ({ method }, proceed) => {
        const reply = await (proceed() as Promise<{ records: unknown[] }>);
        if (method !== 'fences.begin') return reply;
        failedRecord ??= (reply.records[0] as { text: string } | undefined)?.text.startsWith('1f') && reply.records;
        return rolledBack ? { ...reply, records: failedRecord } : reply;
      },
    });
    await task
      .attempt((ctx) => ctx.run(system.job({ getStatus: async () => ({ state: 'failed', reason: 'oom' }) }), 'clip'))
      .catch(thrown);
    const attempt = await task.start();
    await attempt.context.submit(system.job(), 'clip');
    rolledBack = true;
    const error = await attempt.context.run(system.job(), 'clip').catch(thrown);

    expect(error).toBeInstanceOf(ExternalJobFailedError);
    expect(system.jobs).toHaveLength(2);
  });

  test('of the submission that this attempt opened, also at the first look', async () => {
    const { system, task } = setting({ kind: 'keyed' });
    await task.start();
    const job = system.job({ getStatus: async () => ({ state: 'failed', reason: 'oom' }) });

    await expect(task.attempt((ctx) => ctx.run(job, 'clip'))).rejects.toBeInstanceOf(ExternalJobFailedError);
    expect(system.jobs).toHaveLength(1);
  });

  test('the pause before the next submission doubles with each', async () => {
    const { clock, system, task } = setting({ kind: 'keyed' });
    const job = system.job({ getStatus: async () => ({ state: 'failed', reason: 'oom' }) });
    for (let attempt = 0; attempt < 5; attempt += 1) await task.attempt((ctx) => ctx.run(job, 'clip')).catch(thrown);
    const at = system.jobs.map(({ acceptedAt }) => acceptedAt);

    expect(at.slice(1).map((time, before) => time - at[before]!)).toEqual([1_000, 2_000, 4_000, 8_000]);
    expect(clock.now()).toBe(at.at(-1));
  });
});

describe('† clearing', () => {
  test('nothing is cleared inside an attempt: the record outlives it, until the runtime has completed the job', async () => {
    const { clock, store, system, task } = setting();
    const attempt = await task.start();
    await attempt.context.run(system.job(), 'clip');
    await attempt[Symbol.asyncDispose]();
    clock.advance('20d');
    expect(await record(store)).toMatchObject({ state: 'succeeded' });
    await task.attempt((ctx) => ctx.run(system.job(), 'clip'));
    clock.advance('25h');

    expect(await record(store)).toBeUndefined();
  });

  test('by a person supersedes the attempt that runs', async () => {
    const { store, system, task } = setting({ kind: 'keyed', activeLooks: 50 });
    const attempt = await task.start();
    let looks = 0;
    const job = system.job({
      getStatus: async () => {
        if ((looks += 1) === 2) await store.task(TASK).clear();
        return { state: looks > 3 ? 'succeeded' : 'active' };
      },
    });
    await expect(attempt.context.run(job, 'clip')).rejects.toBeInstanceOf(StaleAttemptError);
    expect(await orphans(store)).toEqual(['job-1']);
    await task.attempt((ctx) => ctx.run(system.job({ getStatus: async () => ({ state: 'succeeded' }) }), 'clip'));

    expect(await record(store)).toMatchObject({ submission: 2 });
    expect(system.jobs[1]!.key).not.toBe(system.jobs[0]!.key);
  });

  test('is refused while a submit is unresolved', async () => {
    const { store, system, task } = setting();
    await task.attempt((ctx) => ctx.run(system.job(), 'clip'), { killAt: 'G5' }).catch(thrown);

    await expect(store.task(TASK).clear()).rejects.toBeInstanceOf(AmbiguousSubmitError);
  });
});
