import { describe, expect, test } from '@jest/globals';
import { StoreUnavailableError } from '../../../../src/model/errors/store.ts';
import { Interruption } from '../../../../src/cli/interruption.ts';
import type { StateStore } from '../../../../src/index.ts';
import { memoryStateStore } from '../../../../src/testing/memory-state-store.ts';
import { runCommand, type CommandOptions } from '../../../support/command.ts';
import { putJob } from '../../../support/jobs-in-states.ts';

/** `mooring jobs`, by what a person or a script sees of it. */

const ENV = { MOORING_REDIS: 'redis://cache:6379/0' };
const HOUR = 3_600_000;
const bull = (id: string, queue = 'transcode') => ({ flow: `bull:${queue}`, run: `${id}@17`, task: 'hd' });

/** The command on a store that stays open, an hour later. */
function jobs(store: StateStore, args: readonly string[], options: CommandOptions = {}) {
  const open = async () => Object.assign(Object.create(store) as StateStore, { close: async () => undefined });
  const clock = { now: () => Date.now() + HOUR, sleep: async () => undefined };
  return runCommand(['jobs', ...args], { env: ENV, ...options, tools: { open, clock, ...options.tools } });
}

/** One job in each state. */
async function filled(): Promise<StateStore> {
  const store = memoryStateStore();
  await putJob(store, bull('1'), 'submitted', { externalId: 'ext-1', name: 'video' });
  await putJob(store, bull('2'), 'failed', { externalId: 'ext-2' });
  await putJob(store, bull('3'), 'ambiguous');
  await putJob(store, bull('4', 'mail'), 'submitting');
  await putJob(store, bull('5'), 'succeeded');
  await putJob(store, { flow: 'default/order', run: 'order-7/r', task: 'ship/3/17' }, 'submitted');
  return store;
}

const column = (stdout: string, at: number) =>
  stdout
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(/ {2,}/)[at]);

describe('mooring jobs', () => {
  test('lists what is open or failed: what waits for a person first, then the oldest', async () => {
    const { code, stdout, stderr } = await jobs(await filled(), []);

    expect(code).toBe(0);
    expect(stdout.split('\n')[0]).toMatch(/^STATE +AGE +JOB +NAME +EXTERNAL ID +STATUS/);
    expect(column(stdout, 2)).toEqual(['transcode 3', 'transcode 1', 'transcode 2', 'mail 4', '--workflow order-7 --activity 3']);
    expect(column(stdout, 0)).toEqual(['ambiguous', 'submitted', 'failed', 'submitting', 'submitted']);
    expect(column(stdout, 1)).toEqual(Array(5).fill('1h'));
    expect(stdout).toContain('out of memory');
    expect(stderr).toBe('1 job waits for a person: mooring show transcode 3 says what to do.\n');
  });

  test.each([
    [
      ['--state', 'failed,ambiguous'],
      ['transcode 3', 'transcode 2'],
    ],
    [['--queue', 'mail'], ['mail 4']],
    [['--queue', 'mail', '--prefix', 'eu'], []],
    [['--workflow', 'order-7'], ['--workflow order-7 --activity 3']],
    [['--name', 'video'], ['transcode 1']],
    [['--older-than', '2h'], []],
    [['--state', 'succeeded'], ['transcode 5']],
  ])('%j lists those', async (args, names) => {
    const { stdout } = await jobs(await filled(), args);

    expect(stdout === 'no jobs\n' ? [] : column(stdout, 2)).toEqual(names);
  });

  test.each([
    [['--state', 'ambiguous'], '1 more is submitting past its deadline: mooring jobs --state submitting'],
    [['--state', 'ambiguous', '--queue', 'mail'], '1 job is submitting past its deadline: mooring jobs --state submitting'],
    [['--state', 'ambiguous', '--queue', 'transcode'], undefined],
    [['--state', 'failed'], undefined],
    [[], undefined],
  ])('%j says what else may wait for a person: %j', async (args, said) => {
    const { stderr } = await jobs(await filled(), args);

    expect(stderr.split('\n').find((line) => line.includes('past its deadline'))).toBe(said);
  });

  test('counts no submit whose deadline is to come', async () => {
    const clock = { now: () => Date.now(), sleep: async () => undefined };

    const { stdout } = await jobs(await filled(), ['--state', 'ambiguous', '--json'], { tools: { clock } });

    expect(JSON.parse(stdout)).toMatchObject({ total: 1, late: 0 });
  });

  test('says that it looks through everything for succeeded ones', async () => {
    const { stdout, stderr } = await jobs(await filled(), ['--all']);

    expect(column(stdout, 0)).toContain('succeeded');
    expect(stderr).toContain('looks through the whole namespace');
  });

  test('shows as many as asked for, of all that there are', async () => {
    const store = memoryStateStore();
    for (let id = 1; id <= 7; id += 1) await putJob(store, bull(String(id)), id === 7 ? 'ambiguous' : 'failed');

    const { stdout } = await jobs(store, ['--limit', '2']);

    expect(column(stdout, 2).slice(0, 2)).toEqual(['transcode 7', 'transcode 1']);
    expect(stdout).toContain('2 of 7 jobs (--limit)');
  });

  test('fits a terminal, in colour', async () => {
    const { stdout } = await jobs(await filled(), [], { tty: 'both' });

    // oxlint-disable-next-line no-control-regex -- the colours that are taken away
    const lines = stdout.replace(/\u001B\[\d+m/g, '').split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(stdout).toContain('\u001B[31mambiguous\u001B[39m');
  });

  test('cuts and colours nothing on a pipe', async () => {
    const store = memoryStateStore();
    await putJob(store, bull('1'), 'failed', { externalId: 'x'.repeat(150), reason: 'y'.repeat(150) });

    const { stdout } = await jobs(store, []);

    expect(stdout).toContain(`${'x'.repeat(150)}  ${'y'.repeat(150)}`);
    expect(stdout).not.toContain('\u001B');
  });

  test('--json is one document of whole records', async () => {
    const { stdout, stderr } = await jobs(await filled(), ['--json', '--state', 'submitted', '--queue', 'transcode']);

    expect(JSON.parse(stdout)).toMatchObject({
      command: 'jobs',
      total: 1,
      waiting: 0,
      jobs: [{ path: 'bull%3Atranscode/1%4017/hd', state: 'submitted', externalId: 'ext-1', name: 'video', submission: 1 }],
    });
    expect(stderr).toBe('');
  });

  test.each([
    [['--state', 'done'], /--state knows ambiguous, submitting, submitted, failed, succeeded, not "done"/],
    [['--state', 'failed', '--all'], /--state and --all exclude/],
    [['--queue', 'a', '--workflow', 'b'], /--queue and --workflow exclude/],
    [['--prefix', 'a'], /--prefix needs --queue/],
    [['--every', '5s'], /--every needs --watch/],
    [['--watch', '--every', '10ms'], /--every must be from 1s to 1h/],
    [['--limit', '0'], /--limit must be a whole number/],
    [['transcode'], /"transcode" is no flag/],
  ])('%j is refused', async (args, said) => {
    const { code, stderr } = await jobs(memoryStateStore(), args);

    expect(code).toBe(2);
    expect(stderr).toMatch(said);
  });
});

/** Interrupts the watch after so many lists. */
function watched(lists: number) {
  const stop = new AbortController();
  let left = lists;
  const sleep = async () => {
    left -= 1;
    if (left === 0) {
      stop.abort(new Interruption('SIGINT'));
      throw stop.signal.reason;
    }
  };
  return { signal: stop.signal, clock: { now: () => Date.now(), sleep } };
}

describe('mooring jobs --watch', () => {
  test('draws on a terminal in place of what it drew', async () => {
    const { signal, clock } = watched(2);

    const { code, stdout, stderr } = await jobs(await filled(), ['--watch'], { signal, tools: { clock }, tty: 'both' });

    expect(code).toBe(130);
    expect(stdout.split('\u001B[H')).toHaveLength(3);
    expect(stdout.split('\u001B[2J')).toHaveLength(2);
    expect(stdout).toContain('says what to do.');
    expect(stderr).toContain('interrupted: nothing was changed');
  });

  test('cuts the list at the height of the terminal', async () => {
    const store = memoryStateStore();
    for (let id = 1; id <= 30; id += 1) await putJob(store, bull(String(id)), 'submitting');
    const { signal, clock } = watched(1);

    const { stdout } = await jobs(store, ['--watch'], { signal, tools: { clock }, tty: 'both' });

    expect(stdout.split('\n').length).toBeLessThanOrEqual(24);
    expect(stdout).toContain('… 11 more lines');
  });

  test('writes one list after the other into a pipe', async () => {
    const { signal, clock } = watched(2);

    const { stdout } = await jobs(await filled(), ['--watch'], { signal, tools: { clock } });

    expect(stdout.split('STATE ')).toHaveLength(3);
    expect(stdout).not.toContain('\u001B');
  });

  test('--json writes one document a line', async () => {
    const { signal, clock } = watched(2);

    const { stdout } = await jobs(await filled(), ['--watch', '--json'], { signal, tools: { clock } });
    const documents = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);

    expect(documents).toMatchObject([{ total: 5 }, { total: 5 }, { error: { code: 'interrupted' } }]);
  });

  test('goes on when the store fails for a while', async () => {
    const store = await filled();
    const { signal, clock } = watched(2);
    let calls = 0;
    const open = async () =>
      new Proxy(store, {
        get(target, name) {
          // The internals are asked for once a list.
          if (typeof name === 'symbol' && (calls += 1) === 1)
            throw new StoreUnavailableError('Redis gave no answer', { store: 'redis' });
          if (name === 'close') return async () => undefined;
          return Reflect.get(target, name) as unknown;
        },
      });

    const { stdout, stderr } = await jobs(store, ['--watch'], { signal, tools: { clock, open } });

    expect(stderr).toContain('warning: Redis gave no answer');
    expect(stdout).toContain('transcode 3');
  });
});
