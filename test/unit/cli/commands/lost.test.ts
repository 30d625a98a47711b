import { describe, expect, test } from '@jest/globals';
import type { StateStore } from '../../../../src/index.ts';
import { ConfigError, StoreUnavailableError } from '../../../../src/model/errors/store.ts';
import { memoryStateStore } from '../../../../src/testing/memory-state-store.ts';
import { runCommand, type CommandOptions } from '../../../support/command.ts';
import { fakeQueue } from '../../../support/fake-queue.ts';
import { putJob } from '../../../support/jobs-in-states.ts';

/** `mooring lost` and `mooring orphans`, by what a person or a script sees of them. */

const ENV = { MOORING_REDIS: 'redis://cache:6379/0' };
const bull = (id: string, createdAt = 17, queue = 'q') => ({ flow: `bull:${queue}`, run: `${id}@${createdAt}`, task: 'hd' });
const activity = (id: string) => ({ flow: 'default/order', run: 'order-7/r1', task: `transcode/${id}/17` });

function mooring(store: StateStore, args: readonly string[], tools: CommandOptions['tools'] = {}) {
  const open = async () => Object.assign(Object.create(store) as StateStore, { close: async () => undefined });
  return runCommand(args, { env: ENV, tools: { open, ...tools } });
}

const notInstalled = async (): Promise<never> => {
  throw new ConfigError('a queue', 'needs the package bullmq, which is not installed: npm install bullmq');
};

describe('mooring lost', () => {
  test('lists the records whose job is gone or over', async () => {
    const store = memoryStateStore();
    for (const id of ['1', '2', '3', '4', '5']) await putJob(store, bull(id), 'submitted', { externalId: `ext-${id}` });
    await putJob(store, bull('6'), 'ambiguous');
    await putJob(store, bull('7'), 'failed');
    const queue = fakeQueue({
      1: { state: 'active', timestamp: 17 },
      3: { state: 'active', timestamp: 99 },
      4: { state: 'completed', timestamp: 17 },
      5: { state: 'failed', timestamp: 17 },
      6: { state: 'failed', timestamp: 17 },
    });

    const { code, stdout, stderr } = await mooring(store, ['lost'], { queue: queue.open });

    expect(code).toBe(1);
    expect(
      stdout
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split(/ {2,}/).slice(2).join(': ')),
    ).toEqual([
      'q 2: ext-2: the queue has no such job any more',
      'q 3: ext-3: another job has its ID now',
      'q 4: ext-4: the job has completed, and no attempt comes by itself',
      'q 5: ext-5: the job has failed, and no attempt comes by itself',
      '',
    ]);
    expect(stdout).toContain('6 open records checked, 4 lost');
    expect(stderr).toContain('mooring clear q 2');
    expect(queue.closed).toBe(1);
  });

  test('is content if every job is there', async () => {
    const store = memoryStateStore();
    await putJob(store, bull('1'), 'submitted');

    const { open } = fakeQueue({ 1: { state: 'active', timestamp: 17 } });

    expect(await mooring(store, ['lost'], { queue: open })).toEqual({
      code: 0,
      stdout: '1 open record checked, 0 lost\n',
      stderr: '',
    });
  });

  test('says what was not checked', async () => {
    const store = memoryStateStore();
    await putJob(store, bull('1'), 'submitted');
    await putJob(store, activity('3'), 'submitted');
    await putJob(store, { flow: 'import', run: '2026', task: 'load' }, 'submitted');

    const { code, stdout, stderr } = await mooring(store, ['lost'], { queue: notInstalled });

    expect({ code, stdout }).toEqual({
      code: 1,
      stdout:
        '0 open records checked, 0 lost\n' +
        '1 record could not be checked: a queue needs the package bullmq, which is not installed: npm install bullmq.\n',
    });
    expect(stderr.trim().split('\n')).toEqual([
      '1 record not checked: they are of Temporal, whose address --temporal says.',
      '1 record not checked: their scope is one of your own, and does not say whose job it is.',
    ]);
  });

  test('is content with what nobody asked it to check', async () => {
    const store = memoryStateStore();
    await putJob(store, { flow: 'import', run: '2026', task: 'load' }, 'submitted');

    const { code, stderr } = await mooring(store, ['lost']);

    expect({ code, stderr }).toMatchObject({ code: 0, stderr: expect.stringContaining('1 record not checked') });
  });

  test('counts a job of which only remains are there as gone', async () => {
    const store = memoryStateStore();
    await putJob(store, bull('1'), 'submitted', { externalId: 'ext-1' });
    const { open } = fakeQueue({ 1: { state: 'remains', timestamp: NaN } });

    const { code, stdout } = await mooring(store, ['lost'], { queue: open });

    expect(code).toBe(1);
    expect(stdout).toMatch(/q 1 +ext-1 +the queue has only the remains of such a job\n1 open record checked, 1 lost\n$/);
  });

  test('checks the other jobs of a queue if one cannot be read', async () => {
    const store = memoryStateStore();
    for (const id of ['1', '2', '3']) await putJob(store, bull(id), 'submitted', { externalId: `ext-${id}` });
    const failing = new StoreUnavailableError('the queue q cannot be asked (WRONGTYPE)', { store: 'redis' });
    const { open } = fakeQueue({ 1: { state: 'active', timestamp: 17, failing }, 3: { state: 'active', timestamp: 17 } });

    const { code, stdout } = await mooring(store, ['lost'], { queue: open });

    expect(code).toBe(1);
    expect(stdout).toMatch(/q 2 +ext-2 +the queue has no such job any more\n2 open records checked, 1 lost\n/);
    expect(stdout.trim().split('\n').at(-1)).toBe(
      '1 record could not be checked: the queue q cannot be asked (WRONGTYPE) [store=redis].',
    );
  });

  test('asks for nothing more once a queue does not answer', async () => {
    const store = memoryStateStore();
    for (let id = 1; id <= 50; id += 1) await putJob(store, bull(String(id)), 'submitted');
    let asked = 0;
    const job = async (): Promise<never> => {
      asked += 1;
      throw new StoreUnavailableError('the queue q gave no answer', { store: 'redis' });
    };
    const queue = async () => ({ job, cancel: async () => false, close: async () => undefined });

    const { code, stdout } = await mooring(store, ['lost'], { queue });

    expect(code).toBe(1);
    expect(stdout).toContain('0 open records checked, 0 lost\n50 records could not be checked');
    expect(asked).toBeLessThanOrEqual(16);
  });

  test('looks at the queues of one prefix if it is told to', async () => {
    const store = memoryStateStore();
    await putJob(store, bull('1'), 'submitted');
    await putJob(store, { flow: 'eu:films', run: '1@17', task: 'hd' }, 'submitted');
    const queue = fakeQueue();

    await mooring(store, ['lost', '--prefix', 'eu'], { queue: queue.open });

    expect(queue.opened).toEqual([{ prefix: 'eu', queue: 'films' }]);
  });

  test('asks Temporal where it is told to', async () => {
    const store = memoryStateStore();
    await putJob(store, activity('3'), 'submitted');
    await putJob(store, activity('4'), 'submitted');
    const asked: unknown[] = [];
    const temporal = async (address: string) => ({
      async end(name: { activity: string }) {
        asked.push({ address, ...name });
        return name.activity === '3' ? 'its workflow is terminated' : undefined;
      },
      close: async () => void asked.push('closed'),
    });

    const { stdout } = await mooring(store, ['lost', '--temporal', 'localhost:7233', '--json'], { temporal });

    expect(JSON.parse(stdout)).toMatchObject({
      checked: 2,
      unchecked: [],
      lost: [{ why: 'its workflow is terminated', path: 'default%2Forder/order-7%2Fr1/transcode%2F3%2F17' }],
    });
    expect(asked).toContainEqual({
      address: 'localhost:7233',
      namespace: 'default',
      workflow: 'order-7',
      run: 'r1',
      activity: '3',
    });
    expect(asked.at(-1)).toBe('closed');
  });

  test('looks at one queue if it is told to', async () => {
    const store = memoryStateStore();
    await putJob(store, bull('1', 17, 'mail'), 'submitted');
    await putJob(store, bull('1'), 'submitted');
    const queue = fakeQueue();

    await mooring(store, ['lost', '--queue', 'mail'], { queue: queue.open });

    expect(queue.opened).toEqual([{ prefix: 'bull', queue: 'mail' }]);
  });
});

describe('mooring orphans', () => {
  test('lists them with what to do', async () => {
    const store = memoryStateStore();
    await putJob(store, bull('1'), 'submitted', { externalId: 'ext 1' });
    await putJob(store, bull('2', 17, 'mail'), 'submitted', { externalId: 'ext-2' });
    await store.task(bull('1')).clear();
    await store.task(bull('2', 17, 'mail')).clear();

    const all = await mooring(store, ['orphans']);
    const mail = await mooring(store, ['orphans', '--queue', 'mail', '--json']);

    expect(all.stdout).toMatch(/^AGE +JOB +EXTERNAL ID\n0s +q 1 +ext 1\n0s +mail 2 +ext-2\n$/);
    expect(all.stderr).toContain("mooring forget q 1 'ext 1'");
    expect(JSON.parse(mail.stdout)).toMatchObject({ orphans: [{ path: 'bull%3Amail/2%4017/hd', externalId: 'ext-2' }] });
  });

  test('says that there are none', async () => {
    expect(await mooring(memoryStateStore(), ['orphans'])).toEqual({ code: 0, stdout: 'no orphans\n', stderr: '' });
  });
});
