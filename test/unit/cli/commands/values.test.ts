import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TaskScope } from '../../../../src/index.ts';
import { memoryStateStore, type MemoryStateStore } from '../../../../src/testing/memory-state-store.ts';
import { runCommand, type CommandOptions } from '../../../support/command.ts';
import { fakeQueue } from '../../../support/fake-queue.ts';
import { putJob } from '../../../support/jobs-in-states.ts';

/** `mooring get`, `set` and `rm`. A value is shown where it was asked for, and nowhere else. */

const ADDED = 1_764_586_800_000;
const SCOPE: TaskScope = { flow: 'bull:transcode', run: `42@${ADDED}`, task: 'transcode' };
const SECRET = 'hunter2';

let store: MemoryStateStore;
let folder: string;

beforeEach(async () => {
  store = Object.assign(memoryStateStore(), { close: async () => undefined });
  folder = await mkdtemp(join(tmpdir(), 'mooring-values-'));
  await putJob(store, SCOPE, 'submitted');
});

afterEach(() => rm(folder, { recursive: true }));

function mooring(args: readonly string[], more: Omit<CommandOptions, 'tools'> = {}, queue = fakeQueue()) {
  return runCommand(args, {
    env: { MOORING_REDIS: 'redis://cache' },
    tools: { open: async () => store, queue: queue.open },
    ...more,
  });
}

describe('mooring get', () => {
  test('writes JSON into a pipe as it is stored', async () => {
    await store.task(SCOPE).set('cursor', { at: 17 });

    const { code, stdout } = await mooring(['get', 'transcode', '42', 'cursor']);

    expect({ code, stdout }).toEqual({ code: 0, stdout: '{"at":17}' });
  });

  test('lays JSON out for a person, with nothing in it that moves a cursor', async () => {
    await store.task(SCOPE).set('cursor', { at: '\u009B2J' });

    const { stdout } = await mooring(['get', 'transcode', '42', 'cursor'], { tty: 'stdout' });

    expect(stdout).toBe('{\n  "at": "\\u009b2J"\n}\n');
  });

  test('refuses to show bytes on a terminal', async () => {
    await store.task(SCOPE).set('film', new TextEncoder().encode(SECRET));

    const { code, stdout, stderr } = await mooring(['get', 'transcode', '42', 'film'], { tty: 'stdout' });

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('is bytes, which a terminal cannot show: add --out FILE');
    expect(stderr).not.toContain(SECRET);
  });

  test('writes bytes into a new file that nobody else can read', async () => {
    await store.task(SCOPE).set('film', new Uint8Array([0, 255]));
    const file = join(folder, 'film');

    const { code, stdout } = await mooring(['get', 'transcode', '42', 'film', '--out', file], { tty: 'stdout' });

    expect(code).toBe(0);
    expect(stdout).toContain(`wrote "film" (2 bytes, kept until `);
    expect([...(await readFile(file))]).toEqual([0, 255]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  test('overwrites no file', async () => {
    await store.task(SCOPE).set('film', 1);
    const file = join(folder, 'film');
    await writeFile(file, 'mine');

    const { code, stderr } = await mooring(['get', 'transcode', '42', 'film', '--out', file]);

    expect(code).toBe(2);
    expect(stderr).toContain('--out must be a new file');
    expect(await readFile(file, 'utf8')).toBe('mine');
  });

  test('has the value in its JSON, bytes in base64', async () => {
    await store.task(SCOPE).set('cursor', 17);
    await store.task(SCOPE).set('film', new Uint8Array([0, 255]));

    const cursor = await mooring(['get', 'transcode', '42', 'cursor', '--json']);
    const film = await mooring(['get', 'transcode', '42', 'film', '--json']);

    expect(JSON.parse(cursor.stdout)).toMatchObject({ command: 'get', key: 'cursor', size: 2, offloaded: false, value: 17 });
    expect(JSON.parse(film.stdout)).toMatchObject({ key: 'film', base64: 'AP8=' });
  });

  test.each([
    [['--asset', 'catalogue'], { name: 'catalogue' }],
    [['--uri', 's3://bucket/a'], { uri: 's3://bucket/a' }],
  ])('reads the value of an asset by %j', async (flags, asset) => {
    await store.asset(asset).set('state', 'new');

    expect((await mooring(['get', ...flags, 'state'])).stdout).toBe('"new"');
  });

  test('asks the queue for a job that has values and no external job', async () => {
    await store.task({ flow: 'bull:mail', run: `7@${ADDED}`, task: 'send' }).set('sent', 3);
    const queue = fakeQueue({ 7: { state: 'waiting', timestamp: ADDED, task: 'send' } });

    expect((await mooring(['get', 'mail', '7', 'sent'], {}, queue)).stdout).toBe('3');
    expect(queue.closed).toBe(1);
  });

  test('reads the task itself, also if only an item of it has an external job', async () => {
    const job = { flow: 'bull:mail', run: `7@${ADDED}`, task: 'send' };
    await putJob(store, { ...job, itemKey: 'a' }, 'submitted');
    await store.task(job).set('sent', 3);

    expect((await mooring(['get', 'mail', '7', 'sent'])).stdout).toBe('3');
  });

  test('reads the job that has the ID now', async () => {
    await store.task({ ...SCOPE, run: `42@${ADDED + 1}` }).set('cursor', 2);
    await store.task(SCOPE).set('cursor', 1);
    const queue = fakeQueue({ 42: { state: 'waiting', timestamp: ADDED + 1 } });

    expect((await mooring(['get', 'transcode', '42', 'cursor'], {}, queue)).stdout).toBe('2');
  });

  test('without a queue refuses to choose between jobs of one ID', async () => {
    await putJob(store, { ...SCOPE, run: `42@${ADDED + 1}` }, 'succeeded');

    const { code, stderr } = await mooring(['get', 'transcode', '42', 'cursor']);

    expect(code).toBe(1);
    expect(stderr).toMatch(/several-jobs: (?=.*42%401764586800000\/transcode)(?=.*42%401764586800001\/transcode)/);
  });

  test('says that there is no such value, or job', async () => {
    const value = await mooring(['get', 'transcode', '42', 'nothing']);
    const job = await mooring(['get', 'transcode', '43', 'cursor']);

    expect(value).toMatchObject({ code: 1, stderr: 'mooring: refused: transcode 42 has no value "nothing"\n' });
    expect(job).toMatchObject({ code: 1, stderr: expect.stringMatching(/^mooring: no-such-job: /) });
  });

  test.each([
    ['no key', ['transcode', '42'], /a key is missing/],
    ['two keys', ['transcode', '42', 'a', 'b'], /"b" is a word too many/],
    ['an asset beside a workflow', ['--asset', 'a', '--workflow', 'w', 'k'], /named by --asset or --uri, and by nothing else/],
  ])('with %s is refused', async (_what, words, said) => {
    const { code, stderr } = await mooring(['get', ...words]);

    expect(code).toBe(2);
    expect(stderr).toMatch(said);
  });
});

describe('mooring set', () => {
  test('writes JSON that is a word, without repeating it', async () => {
    const { code, stdout } = await mooring(['set', 'transcode', '42', 'password', JSON.stringify(SECRET), '--retention', '7d']);

    expect(code).toBe(0);
    expect(stdout).toMatch(/^wrote "password" \(9 bytes, kept until \S+Z\) of transcode 42\n$/);
    expect(await store.task(SCOPE).get('password')).toBe(SECRET);
  });

  test.each([
    ['what is piped in', [], SECRET, {}],
    ['what is piped in by name', ['--file', '-'], SECRET, {}],
  ])('reads %s', async (_what, flags, secret) => {
    const stdin = new TextEncoder().encode(JSON.stringify(secret));

    const { code } = await mooring(['set', 'transcode', '42', 'password', ...flags], { stdin });

    expect(code).toBe(0);
    expect(await store.task(SCOPE).get('password')).toBe(SECRET);
  });

  test('reads the JSON, or the bytes, of a file', async () => {
    const file = join(folder, 'value');
    await writeFile(file, '[1]');

    await mooring(['set', 'transcode', '42', 'json', '--file', file]);
    await mooring(['set', 'transcode', '42', 'bytes', '--file', file, '--bytes']);

    expect(await store.task(SCOPE).get('json')).toEqual([1]);
    expect(await store.task(SCOPE).get('bytes')).toEqual(new TextEncoder().encode('[1]'));
  });

  test('with --if-version overwrites nothing that changed meanwhile', async () => {
    const { version } = await store.task(SCOPE).set('cursor', 1);
    await store.task(SCOPE).set('cursor', 2);

    const { code, stderr } = await mooring(['set', 'transcode', '42', 'cursor', '3', '--if-version', version]);

    expect(code).toBe(1);
    expect(stderr).toContain('look again');
    expect(await store.task(SCOPE).get('cursor')).toBe(2);
  });

  test.each([
    ['a value that is no JSON', [SECRET], {}],
    ['a word and a file', [SECRET, '--file', 'a'], {}],
    ['bytes in a word', [SECRET, '--bytes'], {}],
    ['no value at a terminal', [], { stdin: [] as string[] }],
    ['piped text that is no JSON', [], { stdin: new TextEncoder().encode(SECRET) }],
    ['a version that is none', [`"${SECRET}"`, '--if-version', 'now'], {}],
    ['a length of time that is none', [`"${SECRET}"`, '--retention', 'long'], {}],
  ])('refuses %s without repeating it', async (_what, words, more) => {
    const { code, stdout, stderr } = await mooring(['set', 'transcode', '42', 'password', ...words, '--verbose'], more);

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).not.toContain(SECRET);
  });

  test('writes for ever into an asset', async () => {
    const { stdout } = await mooring(['set', '--asset', 'catalogue', 'state', '"new"']);

    expect(stdout).toBe('wrote "state" (5 bytes, kept for ever) of the asset catalogue\n');
  });
});

describe('mooring rm', () => {
  test('deletes the value that it was told to', async () => {
    await store.task(SCOPE).set('cursor', 1);
    await store.task(SCOPE).set('cursor2', 1);

    const { code, stdout } = await mooring(['rm', 'transcode', '42', 'cursor', '--yes']);

    expect({ code, stdout }).toEqual({ code: 0, stdout: 'deleted "cursor" of transcode 42\n' });
    expect(await store.task(SCOPE).getMany(['cursor', 'cursor2'])).toEqual({ cursor2: 1 });
  });

  test('asks a person at a terminal', async () => {
    await store.task(SCOPE).set('cursor', 1);

    const no = await mooring(['rm', 'transcode', '42', 'cursor'], { tty: 'both', stdin: [''] });
    const yes = await mooring(['rm', 'transcode', '42', 'cursor'], { tty: 'both', stdin: ['y'] });

    expect(no.code).toBe(1);
    expect(no.stderr).toMatch(/^Delete "cursor" \(1 byte, kept until \S+Z\) of transcode 42\? \[y\/N\] Nothing was changed\.\n$/);
    expect(yes.code).toBe(0);
  });
});
