import { describe, expect, test } from '@jest/globals';
import { Interruption } from '../../../src/cli/interruption.ts';
import type { StoreConfig } from '../../../src/config/store-config.ts';
import { ConfigError, StateLostError, StoreUnavailableError } from '../../../src/model/errors/store.ts';
import { createStateStore, recover, sweep } from '../../../src/index.ts';
import { memoryMetastore } from '../../../src/metastore/memory/store.ts';
import { memoryObjectStore } from '../../../src/object-store/memory.ts';
import { memoryStateStore } from '../../../src/testing/memory-state-store.ts';
import { runCommand, type CommandOptions } from '../../support/command.ts';

/** The command, by what a person or a script sees of it. */

const ENV = { MOORING_REDIS: 'redis://:hunter2@cache:6379/0', MOORING_PATH: 's3://bucket/state/' };
const REPORT = { entries: 3, objects: 2, bytes: 1_536, failed: [] };
const EMPTY = { entries: 0, objects: 0, bytes: 0, failed: [] };

/** Tools whose store is in memory; what they are asked for is kept. */
function world(tools: CommandOptions['tools'] = {}) {
  const opened: StoreConfig[] = [];
  let closed = 0;
  const open = async (config: StoreConfig) => {
    opened.push(config);
    return Object.assign(memoryStateStore(), { close: async () => void (closed += 1) });
  };
  return { opened, closed: () => closed, tools: { open, ...tools } };
}

describe('mooring', () => {
  test.each([['--help'], ['-h'], ['help']])('%s says what there is, on stdout', async (word) => {
    const { code, stdout, stderr } = await runCommand([word]);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const name of ['sweep', 'reconcile', 'recover', 'doctor', 'lifecycle s3|gcs', 'drill MODULE'])
      expect(stdout).toContain(`  ${name} `);
    expect(stdout).toContain('MOORING_REDIS_PASSWORD');
    expect(stdout).toContain('Exit codes');
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThan(130);
  });

  test.each(['sweep', 'reconcile', 'recover', 'doctor', 'lifecycle', 'drill'])('%s --help says its flags', async (name) => {
    const { code, stdout } = await runCommand([name, '--help']);

    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: mooring ${name}`);
    expect(stdout).toContain('--json');
    expect((await runCommand(['help', name])).stdout).toBe(stdout);
  });

  test('--version says that of the package', async () => {
    expect(await runCommand(['--version'])).toEqual({ code: 0, stdout: '1.2.3\n', stderr: '' });
  });

  test.each([
    ['nothing', [], /there is no command.*\nSee mooring --help/s],
    ['a command that there is not', ['swep'], /no command "swep"/],
    ['a flag before the command', ['--verbose', 'sweep'], /the command comes first/],
    ['a flag that there is not', ['sweep', '--apply'], /unknown option '--apply'\nSee mooring sweep --help/],
    ['a flag without its value', ['sweep', '--grace'], /--grace/],
    ['an empty value', ['sweep', '--path='], /--path must not be empty/],
    ['a word too many', ['sweep', 'now'], /"now" is no flag/],
    ['a length of time without a unit', ['sweep', '--grace', '60'], /--grace must be a length of time/],
    ['a batch of nothing', ['sweep', '--batch', '0'], /--batch must be a whole number/],
    ['a share above all', ['reconcile', '--max-share', '110%'], /--max-share must be a share/],
    ['two answers', ['reconcile', '--apply', '--dry-run'], /exclude each other/],
    ['lifecycle of nothing', ['lifecycle'], /s3 or gcs/],
    ['help for a command that there is not', ['help', 'swep'], /no command "swep"/],
  ])('%s is a mistake of the caller: code 2 with a hint, before any store is opened', async (_what, args, said) => {
    const { opened, tools } = world();

    const { code, stdout, stderr } = await runCommand(args, { env: ENV, tools });

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(said);
    expect(opened).toEqual([]);
  });

  test('takes what flags say over the environment', async () => {
    const { opened, tools } = world({ sweep: async () => EMPTY });
    const flags = [
      '--redis=redis://other:7000',
      '--path',
      'file:///srv',
      '--former-path',
      's3://a-1/',
      '--former-path',
      's3://b-1/',
    ];

    await runCommand(['sweep', ...flags, '--namespace', 'prod', '--command-timeout', '3s'], {
      env: { MOORING_REDIS: 'redis://cache', MOORING_REDIS_PASSWORD: 'hunter2', MOORING_FORMER_PATHS: 's3://c-1/' },
      tools,
    });

    expect(opened).toMatchObject([
      {
        redis: 'redis://other:7000/0',
        redisCredentials: { password: 'hunter2' },
        path: 'file:///srv',
        formerPaths: ['s3://a-1/', 's3://b-1/'],
        namespace: 'prod',
        commandTimeout: '3s',
      },
    ]);
  });

  test.each([
    ['--redis', 'redis://:hunter2@cache', /--redis must not hold a password: set MOORING_REDIS_PASSWORD/],
    ['--path', 's3://AKIA:hunter2@bucket/', /--path must hold neither credentials/],
  ])('takes no credential by %s', async (flag, value, said) => {
    const { code, stderr } = await runCommand(['doctor', flag, value], { env: { MOORING_REDIS: 'redis://cache' } });

    expect(code).toBe(2);
    expect(stderr).toMatch(said);
    expect(stderr).not.toContain('hunter2');
  });

  test('says in one line what is wrong with the configuration', async () => {
    const missing = await runCommand(['sweep']);
    const wrong = await runCommand(['sweep'], { env: { ...ENV, MOORING_CODEC: 'bz2' } });

    expect(missing).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^mooring: mooring\.config: MOORING_REDIS must be set.*\n$/),
    });
    expect(wrong).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/^mooring: mooring\.config: MOORING_CODEC must be .*\n$/),
    });
  });

  test('says in one line what failed, with a remedy', async () => {
    const { tools, closed } = world({
      doctor: async () => {
        throw new StoreUnavailableError('Redis gave no answer:\n it is gone', { store: 'redis' });
      },
    });

    const plain = await runCommand(['doctor'], { env: ENV, tools });
    const json = await runCommand(['doctor', '--json'], { env: ENV, tools });
    const verbose = await runCommand(['doctor', '--verbose'], { env: ENV, tools });

    const message =
      'Redis gave no answer: it is gone [store=redis] See that the store can be reached (mooring doctor), then run it again.';

    expect(plain).toEqual({ code: 1, stdout: '', stderr: `mooring: mooring.store-unavailable: ${message}\n` });
    expect(json).toMatchObject({ code: 1, stderr: '' });
    expect(JSON.parse(json.stdout)).toEqual({
      command: 'doctor',
      error: { code: 'mooring.store-unavailable', message, retryable: true },
    });
    expect(verbose.stderr).toContain('at ');
    expect(closed()).toBe(3);
  });

  test('says what a stack is only where it is asked for', async () => {
    const { tools } = world({
      doctor: async () => {
        throw new Error('broken', { cause: new Error('the cause') });
      },
    });

    expect((await runCommand(['doctor'], { env: ENV, tools })).stderr).toBe('mooring: failed: broken\n');
    expect((await runCommand(['doctor'], { env: { ...ENV, DEBUG: '1' }, tools })).stderr).toContain('Error: the cause\n    at ');
  });

  test('an interruption closes the store', async () => {
    const stop = new AbortController();
    const { tools, closed } = world({
      sweep: async (_store, options) => {
        stop.abort(new Interruption('SIGINT'));
        throw options?.signal?.reason;
      },
    });

    const { code, stderr } = await runCommand(['sweep'], { env: ENV, tools, signal: stop.signal });

    expect({ code, stderr }).toEqual({
      code: 130,
      stderr: 'mooring: interrupted: what was done stays done, and the next run goes on\n',
    });
    expect(closed()).toBe(1);
    const before = await runCommand(['sweep', '--json'], {
      env: ENV,
      tools,
      signal: AbortSignal.abort(new Interruption('SIGTERM')),
    });
    expect(before.code).toBe(143);
    expect(JSON.parse(before.stdout)).toMatchObject({ error: { code: 'interrupted', retryable: true } });
  });
});

describe('mooring sweep', () => {
  test('says what it removed', async () => {
    const { tools } = world({ sweep: async () => REPORT });

    expect(await runCommand(['sweep'], { env: ENV, tools })).toEqual({
      code: 0,
      stdout: 'removed 3 entries, 2 objects (1.5 KiB)\n',
      stderr: '',
    });
  });

  test('C62 of a dry run says what it would', async () => {
    const asked: unknown[] = [];
    const { tools } = world({
      sweep: async (_store, options) => {
        asked.push(options);
        return REPORT;
      },
    });

    const { stdout, stderr } = await runCommand(['sweep', '--dry-run', '--grace', '2h', '--batch', '10'], { env: ENV, tools });

    expect(stdout).toBe('would remove 3 entries, 2 objects (1.5 KiB)\n');
    expect(stderr).toBe('Without --dry-run it is removed.\n');
    expect(asked).toMatchObject([{ dryRun: true, grace: 7_200_000, batch: 10 }]);
  });

  test('says what could not be done', async () => {
    const failed = Array.from({ length: 25 }, (_, at) => ({ path: `default/a/b/c/${at}`, code: 'mooring.store-unavailable' }));
    const { tools } = world({ sweep: async () => ({ ...REPORT, failed }) });

    const { code, stdout, stderr } = await runCommand(['sweep'], { env: ENV, tools });

    expect({ code, stdout }).toEqual({ code: 1, stdout: 'removed 3 entries, 2 objects (1.5 KiB)\n' });
    expect(stderr.split('\n')).toHaveLength(23);
    expect(stderr).toContain('failed: default/a/b/c/0 (mooring.store-unavailable)\n');
    expect(stderr).toContain('failed: 5 more');
  });

  test('is one JSON document with --json, whatever it logs on the way', async () => {
    const { opened, tools } = world({
      sweep: async () => {
        opened.at(-1)?.logger?.warn({ store: 'redis', err: new Error('slow\nly'), value: {} }, 'it takes long');
        opened.at(-1)?.logger?.info({}, 'not said');
        return REPORT;
      },
    });

    const { code, stdout, stderr } = await runCommand(['sweep', '--json'], { env: ENV, tools });

    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ command: 'sweep', dryRun: false, ...REPORT });
    expect(stderr).toBe('warning: it takes long (store=redis, err=slow ly)\n');
  });

  test('calls a bad option by its flag', async () => {
    const { tools } = world({ sweep });

    const { code, stderr } = await runCommand(['sweep', '--grace', '5m'], { env: ENV, tools });

    expect(code).toBe(2);
    expect(stderr).toMatch(/^mooring: mooring\.config: --grace must be at least '1h'/);
  });

  const progress: CommandOptions['tools'] = {
    sweep: async (_store, options) => {
      options?.onProgress?.(EMPTY);
      options?.onProgress?.({ ...REPORT, bytes: 3 * 2 ** 30 });
      return EMPTY;
    },
  };

  test('shows its progress to a person at a terminal, only while it runs', async () => {
    const { tools } = world(progress);

    const { stdout, stderr } = await runCommand(['sweep'], { env: ENV, tools, tty: 'both' });

    expect(stderr).toBe(
      '\r\u001B[2Ksweeping: 0 entries, 0 objects (0 bytes)\r\u001B[2Ksweeping: 3 entries, 2 objects (3.0 GiB)\r\u001B[2K',
    );
    expect(stdout).toBe('nothing to remove\n');
  });

  test.each<[string, CommandOptions]>([
    ['a pipe', {}],
    ['a terminal that is dumb', { tty: 'both', env: { TERM: 'dumb' } }],
  ])('says no progress to %s', async (_where, { env, ...options }) => {
    const { tools } = world(progress);

    expect((await runCommand(['sweep'], { env: { ...ENV, ...env }, tools, ...options })).stderr).toBe('');
  });
});

describe('mooring reconcile', () => {
  test('says how far the listing is', async () => {
    const { tools } = world({
      reconcile: async (_store, options) => {
        options?.onProgress?.({ ...EMPTY, listed: 3_000 });
        return EMPTY;
      },
    });

    const { stderr } = await runCommand(['reconcile'], { env: ENV, tools, tty: 'both' });

    expect(stderr).toContain('reconciling: 3000 objects listed; 0 entries');
  });

  test('only counts, unless it is told to act', async () => {
    const asked: object[] = [];
    const { tools } = world({
      reconcile: async (_store, options) => {
        asked.push(options ?? {});
        return { ...REPORT, entries: 0 };
      },
    });

    const counted = await runCommand(['reconcile'], { env: ENV, tools });
    const applied = await runCommand(['reconcile', '--apply', '--max-share', '50%', '--grace', '1d'], { env: ENV, tools });

    expect(counted).toEqual({
      code: 0,
      stdout: 'would remove 0 entries, 2 objects (1.5 KiB)\n',
      stderr: 'With --apply it is removed.\n',
    });
    expect(applied).toEqual({ code: 0, stdout: 'removed 0 entries, 2 objects (1.5 KiB)\n', stderr: '' });
    expect(asked).toMatchObject([{ apply: false }, { apply: true, maxShare: 0.5, grace: 86_400_000 }]);
  });

  test('I5 says what to do where Redis may have lost references', async () => {
    const { tools } = world({
      reconcile: async () => {
        throw new StateLostError('a shard has no birth');
      },
    });

    const { code, stderr } = await runCommand(['reconcile', '--apply'], { env: ENV, tools });

    expect(code).toBe(1);
    expect(stderr).toMatch(/^mooring: mooring\.state-lost: a shard has no birth; nothing was deleted.*recover.*\n$/);
  });
});

describe('mooring recover', () => {
  const entry = { path: 'a/b/c/-1', key: 'k\u001B[2J', object: 'o', size: 2_048, writtenAt: new Date(0) };
  const tools: CommandOptions['tools'] = {
    recover: async (_store, options) => {
      options?.onEntry?.(entry);
      return { entries: 1, skipped: 2, unreadable: 0 };
    },
  };

  test('lists what it would take, one line each, with nothing in a key that moves a cursor', async () => {
    const { code, stdout, stderr } = await runCommand(['recover'], { env: ENV, tools: world(tools).tools });

    expect(code).toBe(0);
    expect(stdout).toBe('a/b/c/-1 "k\\u001b[2J" (2.0 KiB, 1970-01-01T00:00:00.000Z)\nwould recover 1 entry, left out 2\n');
    expect(stderr).toBe('With --apply they are written.\n');
  });

  test('has the list in its JSON', async () => {
    const { stdout } = await runCommand(['recover', '--json'], { env: ENV, tools: world(tools).tools });

    expect(JSON.parse(stdout)).toEqual({
      command: 'recover',
      dryRun: true,
      entries: 1,
      skipped: 2,
      unreadable: 0,
      found: [{ ...entry, writtenAt: '1970-01-01T00:00:00.000Z' }],
    });
  });

  test('acts with --apply, with the retention that it is told', async () => {
    const { opened, tools: own } = world(tools);

    const { stdout } = await runCommand(['recover', '--apply', '--retention', '7d'], { env: ENV, tools: own });

    expect(stdout).toBe('recovered 1 entry, left out 2\n');
    expect(opened).toMatchObject([{ retention: '7d' }]);
  });
});

describe('mooring recover, where an object cannot be read', () => {
  const unreadable: NonNullable<CommandOptions['tools']> = {
    recover: async () => ({ entries: 0, skipped: 2, unreadable: 1 }),
  };

  test.each([[['recover']], [['recover', '--apply']]])('%j ends with 1, saying what to do', async (args) => {
    const { code, stderr } = await runCommand(args, { env: ENV, tools: world(unreadable).tools });

    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^1 object cannot be read.*codec or the encryption.*delete it or move it away.*recover --apply again\.\n/,
    );
  });

  test('I6 names the object on stderr', async () => {
    const objectStore = memoryObjectStore();
    const parts = { objectStore, offloadThreshold: 0 };
    await createStateStore({ ...parts, metastore: memoryMetastore() })
      .task({ flow: 'f', run: 'r', task: 't' })
      .set('k', 1);
    let damaged = '';
    for await (const { key } of objectStore.list('default/f/')) damaged = key;
    await objectStore.put(damaged, Buffer.from('not what it was'), { ifAbsent: false });
    const open = async ({ logger }: StoreConfig) =>
      createStateStore({ ...parts, metastore: memoryMetastore(), ...(logger && { logger }) });

    const { code, stdout, stderr } = await runCommand(['recover', '--apply'], { env: ENV, tools: { open, recover } });

    expect({ code, stdout }).toEqual({ code: 1, stdout: 'recovered 0 entries, left out 1\n' });
    expect(stderr).toContain(`an object cannot be read, and was left unchanged (object=${damaged}, code=mooring.corrupt-entry`);
  });

  test('has the number in its JSON', async () => {
    const { code, stdout } = await runCommand(['recover', '--apply', '--json'], { env: ENV, tools: world(unreadable).tools });

    expect({ code, report: JSON.parse(stdout) as unknown }).toEqual({
      code: 1,
      report: { command: 'recover', dryRun: false, entries: 0, skipped: 2, unreadable: 1 },
    });
  });
});

describe('an error of the configuration', () => {
  const refusing = (option: string): NonNullable<CommandOptions['tools']> => ({
    open: async () => {
      throw new ConfigError(option, 'cannot be meant');
    },
  });

  test.each([
    ['the flag', ['doctor', '--path', 's3://nope@bucket/'], {}, 'path', '--path'],
    ['the variable', ['doctor'], {}, 'path', 'MOORING_PATH'],
    [
      'the place in a variable',
      ['doctor'],
      { MOORING_FORMER_PATHS: 's3://a-1/ s3://b-1/' },
      'formerPaths[1]',
      'MOORING_FORMER_PATHS[1]',
    ],
    ['the place among flags', ['doctor', '--former-path', 's3://a-1/'], {}, 'formerPaths[0]', '--former-path[0]'],
    ['the option of the store', ['recover', '--path', 's3://bucket/'], {}, 'objectStore', '--path'],
    ['what cannot be set by either', ['doctor'], {}, 'connections', 'connections'],
  ])('is called by %s', async (_what, args, env, option, name) => {
    const { code, stderr } = await runCommand(args, { env: { ...ENV, ...env }, tools: refusing(option) });

    expect({ code, stderr }).toEqual({ code: 2, stderr: `mooring: mooring.config: ${name} cannot be meant\n` });
  });

  test('is called by the flag where nothing was given', async () => {
    const { tools } = world({
      recover: async () => {
        throw new ConfigError('objectStore', 'must be given');
      },
    });

    const { stderr } = await runCommand(['recover'], { env: { MOORING_REDIS: 'redis://cache' }, tools });

    expect(stderr).toBe('mooring: mooring.config: --path must be given\n');
  });
});

describe('mooring doctor', () => {
  const findings = [
    { level: 'ok', check: 'redis version', message: '7.0' },
    { level: 'warning', check: 'persistence', message: 'off', remedy: 'Turn it on.' },
  ] as const;
  const wrong = [...findings, { level: 'error', check: 'write', message: 'refused' }] as const;

  test('says with each finding what to do', async () => {
    const { tools } = world({ doctor: async () => findings });

    expect(await runCommand(['doctor'], { env: ENV, tools })).toEqual({
      code: 0,
      stdout: 'ok       redis version: 7.0\nwarning  persistence: off\n         Turn it on.\n',
      stderr: '',
    });
  });

  test('ends with 1 where one is an error', async () => {
    const { tools } = world({ doctor: async () => wrong });

    const { code, stdout } = await runCommand(['doctor', '--json'], { env: ENV, tools });

    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({ command: 'doctor', findings: wrong });
  });

  test.each<[string, CommandOptions, boolean]>([
    ['a terminal', { tty: 'stdout' }, true],
    ['a pipe', { tty: 'stderr' }, false],
    ['a terminal under NO_COLOR', { tty: 'both', env: { NO_COLOR: '1' } }, false],
    ['a terminal under an empty NO_COLOR', { tty: 'both', env: { NO_COLOR: '' } }, true],
    ['a dumb terminal', { tty: 'both', env: { TERM: 'dumb' } }, false],
  ])('to %s, its colour: %j %j', async (_where, { env, ...options }, coloured) => {
    const { tools } = world({ doctor: async () => wrong });

    const { stdout } = await runCommand(['doctor'], { env: { ...ENV, ...env }, tools, ...options });

    expect(stdout.includes('\u001B[31merror')).toBe(coloured);
    expect(stdout.includes('\u001B')).toBe(coloured);
  });
});

test('a configuration that a tool refuses ends with 2', async () => {
  const { tools } = world({
    doctor: async () => {
      throw new ConfigError('client', 'must have a valid user and password [WRONGPASS]');
    },
  });

  expect((await runCommand(['doctor'], { env: ENV, tools })).code).toBe(2);
});
