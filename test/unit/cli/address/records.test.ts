import { describe, expect, test } from '@jest/globals';
import { ADDRESS_FLAGS, readAddress } from '../../../../src/cli/address/address.ts';
import { recordAt, recordsAt, scopeAt } from '../../../../src/cli/address/records.ts';
import { readFlags } from '../../../../src/cli/flags.ts';
import { scopePath } from '../../../../src/format/path.ts';
import { memoryStateStore } from '../../../../src/testing/memory-state-store.ts';
import { putJob } from '../../../support/jobs-in-states.ts';

/** What an address finds. */

const read = (...args: string[]) => readAddress(readFlags(args, ADDRESS_FLAGS));
const bull = (id: string, createdAt = 17, queue = 'q') => ({ flow: `bull:${queue}`, run: `${id}@${createdAt}`, task: 'hd' });
const activity = (workflow: string, id: string) => ({ flow: 'default/order', run: `${workflow}/r1`, task: `transcode/${id}/17` });

describe('the records of an address', () => {
  test('are those of the one job of a queue', async () => {
    const store = memoryStateStore();
    for (const id of ['4', '42', '42@x']) await putJob(store, bull(id), 'submitted', { externalId: `ext-${id}` });
    await putJob(store, bull('42', 17, 'other'), 'submitted');

    expect(await recordsAt(store, read('q', '42'))).toMatchObject([{ externalId: 'ext-42' }]);
    expect(await recordsAt(store, read('q', '42@17'))).toMatchObject([{ externalId: 'ext-42' }]);
    expect(await recordsAt(store, read('q', '4'))).toMatchObject([{ externalId: 'ext-4' }]);
  });

  test('are those of a workflow or of its activity', async () => {
    const store = memoryStateStore();
    await putJob(store, activity('a%2F1', '1'), 'submitted', { externalId: 'ext-1' });
    await putJob(store, activity('a%2F1', '2'), 'submitted', { externalId: 'ext-2' });
    await putJob(store, activity('a', '1'), 'submitted', { externalId: 'ext-3' });

    expect(await recordsAt(store, read('--workflow', 'a/1'))).toHaveLength(2);
    expect(await recordsAt(store, read('--workflow', 'a/1', '--activity', '2'))).toMatchObject([{ externalId: 'ext-2' }]);
    expect(await recordsAt(store, read('--workflow', 'a', '--activity', 'transcode'))).toMatchObject([{ externalId: 'ext-3' }]);
  });

  test('are those of an activity that has no workflow', async () => {
    const store = memoryStateStore();
    await putJob(store, { flow: 'default', run: 'activity/a-1/r1', task: 'transcode' }, 'submitted', { externalId: 'ext-1' });

    expect(await recordsAt(store, read('--activity', 'a-1'))).toMatchObject([{ externalId: 'ext-1' }]);
  });

  test('are all those of a path', async () => {
    const store = memoryStateStore();
    const scope = { flow: 'f', run: 'x'.repeat(300), task: 't' };
    await putJob(store, scope, 'failed', { key: 'video' });
    await putJob(store, scope, 'submitted', { key: 'audio' });
    const path = scopePath(scope);

    expect((await recordsAt(store, read(path))).map(({ externalIdKey }) => externalIdKey).sort()).toEqual(['audio', 'video']);
    expect(await recordsAt(store, read(path, '--key', 'audio'))).toMatchObject([{ state: 'submitted' }]);
  });

  test('are at once those of a path whose job is over', async () => {
    const store = memoryStateStore();
    await putJob(store, bull('42'), 'succeeded', { key: 'audio' });
    const onScan = (): void => {
      throw new Error('the namespace was looked through');
    };

    expect(await recordsAt(store, read('bull%3Aq/42%4017/hd'), { onScan })).toMatchObject([{ state: 'succeeded' }]);
    expect(await recordsAt(store, read('bull%3Aq/43%4017/hd'), { onScan })).toEqual([]);
  });

  test('look through the whole namespace only for a job that is over', async () => {
    const store = memoryStateStore();
    await putJob(store, bull('1'), 'submitted');
    await putJob(store, bull('2'), 'succeeded');
    let scans = 0;
    const onScan = (): void => void (scans += 1);

    await recordsAt(store, read('q', '1'), { onScan });
    expect(scans).toBe(0);
    expect(await recordsAt(store, read('q', '2'), { onScan })).toMatchObject([{ state: 'succeeded' }]);
    expect(scans).toBe(1);
  });
});

describe('the one record of an address', () => {
  test('is not guessed among several', async () => {
    const store = memoryStateStore();
    await putJob(store, bull('42', 17), 'failed');
    await putJob(store, bull('42', 18), 'submitted', { key: 'audio' });

    await expect(recordAt(store, read('q', '42'))).rejects.toThrow(
      expect.objectContaining({
        code: 'several-jobs',
        message: expect.stringMatching(
          /^job "42" of the queue "bull:q" fits 2: name one by (?=.*bull%3Aq\/42%4017\/hd)(?=.*bull%3Aq\/42%4018\/hd --key audio)/,
        ),
      }),
    );
    expect(await recordAt(store, read('q', '42', '--key', 'audio'))).toMatchObject({ state: 'submitted' });
  });

  test('is missing aloud, beside those that are there', async () => {
    const store = memoryStateStore();
    await putJob(store, bull('43'), 'submitted');
    const error = {
      code: 'no-such-job',
      message: 'no external job is known of job "42" of the queue "bull:q": the flow "bull:q" has q 43 (see mooring jobs)',
    };

    await expect(recordAt(store, read('q', '42'))).rejects.toThrow(expect.objectContaining(error));
    await expect(recordAt(store, read('nope', '42'))).rejects.toThrow(/the flow "bull:nope" has no open job/);
  });
});

describe('the one scope of an address', () => {
  test('needs no record if it is a path', async () => {
    const store = memoryStateStore();

    expect(await scopeAt(store, read('f/r/t'))).toEqual({ flow: 'f', run: 'r', task: 't' });
    await expect(scopeAt(store, read('q', '44'))).rejects.toThrow(/no external job is known of job "44"/);
  });

  test('is one, however many records it has', async () => {
    const store = memoryStateStore();
    await putJob(store, bull('42'), 'submitted', { key: 'audio' });
    await putJob(store, bull('42'), 'submitted', { key: 'video' });

    expect(await scopeAt(store, read('q', '42'))).toEqual(bull('42'));
  });
});
