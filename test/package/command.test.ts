import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { join } from 'node:path';
import { run, type Ended } from '../../scripts/command.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';
import { createConsumer, root, type Consumer } from './consumer.ts';

/** The command of the tarball, as it is run in a project that installed it. */

/** Nothing of this process's environment but what starting a program takes: variables of ours would be read. */
const ENV = { PATH: process.env['PATH'], HOME: process.env['HOME'] };

let consumer: Consumer;
let redis: TestRedis;

beforeAll(async () => {
  [consumer, redis] = await Promise.all([createConsumer(), startRedis()]);
});

afterAll(async () => {
  await redis?.stop();
  await consumer?.remove();
});

function mooring(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return run(process.execPath, [join(consumer.folder, 'node_modules/.bin/mooring'), ...args], {
    cwd: consumer.folder,
    env: { ...ENV, ...env },
  });
}

const here = (): NodeJS.ProcessEnv => ({
  MOORING_REDIS: `redis://127.0.0.1:${redis.port}/0`,
  MOORING_PATH: `file://${consumer.folder}/state/`,
  MOORING_OFFLOAD_THRESHOLD: '0',
});

describe('in a project that installed the package alone', () => {
  test('npx mooring says the version of the package', async () => {
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };

    const ended = await run('npx', ['--no-install', 'mooring', '--version'], { cwd: consumer.folder, env: ENV });

    expect(ended).toMatchObject({ code: 0, stdout: `${version}\n` });
  });

  test('it prints help and rules, which need no client', async () => {
    expect(await mooring(['--help'])).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse((await mooring(['lifecycle', 'gcs', '--json'])).stdout)).toHaveProperty('lifecycle');
  });

  test.each([
    ['ioredis', {}],
    ['@aws-sdk/client-s3', { MOORING_PATH: 's3://bucket/' }],
    ['@google-cloud/storage', { MOORING_PATH: 'gs://bucket/' }],
  ])('it says to install %s where an address needs it', async (name, env) => {
    if (name !== 'ioredis') await consumer.add('ioredis').catch(() => undefined);

    const ended = await mooring(['doctor'], { ...here(), ...env });

    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(new RegExp(`^mooring: mooring\\.config: .*not installed: npm install ${name}\n$`));
  });
});

describe('with a client', () => {
  beforeAll(async () => {
    await consumer.add('ioredis').catch(() => undefined);
    await mkdir(join(consumer.folder, 'state'), { recursive: true });
  });

  test('every tool ends by itself', async () => {
    const file = await consumer.write(
      'write.js',
      `import { configFromEnv, openStateStore } from 'mooring/config';
       const store = await openStateStore(configFromEnv());
       await store.task({ flow: 'f', run: 'r', task: 't' }).set('k', 'v');
       await store.close();`,
    );
    expect(await run(process.execPath, [file], { cwd: consumer.folder, env: { ...ENV, ...here() } })).toMatchObject({ code: 0 });
    expect(await readdir(join(consumer.folder, 'state/default'))).toContain('f');

    const swept = await mooring(['sweep', '--json'], here());
    const counted = await mooring(['reconcile', '--json'], here());
    const seen = await mooring(['doctor', '--json'], here());

    expect(swept).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(swept.stdout)).toEqual({ command: 'sweep', dryRun: false, entries: 0, objects: 0, bytes: 0, failed: [] });
    expect(counted).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(seen.stdout)).toMatchObject({ command: 'doctor', findings: expect.anything() });
  });

  test('it writes plain lines into a pipe, without colour and progress', async () => {
    const { stdout, stderr } = await mooring(['doctor'], here());

    expect(stdout).toMatch(/^(?:ok|warning|error) +\S/);
    expect(stdout + stderr).not.toContain('\u001B');
  });

  test('it says to install bullmq where a queue is asked', async () => {
    const ended = await mooring(['retry', 'transcode', '42'], here());

    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(/^mooring: mooring\.config: .*bullmq, which is not installed: npm install bullmq\n$/);
  });

  test('it gives up on a Redis that is not there, in one line', async () => {
    const ended = await mooring(['sweep', '--command-timeout', '500ms'], { ...here(), MOORING_REDIS: 'redis://127.0.0.1:1' });

    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr.trim().split('\n').at(-1)).toMatch(/^mooring: mooring\.store-unavailable: /);
    expect(ended.stderr).not.toContain('    at ');
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s ends it with %i', async (signal, code) => {
    const sockets = new Set<Socket>();
    const silent: Server = createServer((socket) => void sockets.add(socket.on('error', () => undefined))).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const child = spawn(process.execPath, [join(consumer.folder, 'node_modules/.bin/mooring'), 'sweep'], {
      cwd: consumer.folder,
      env: { ...ENV, MOORING_REDIS: `redis://127.0.0.1:${port}` },
      stdio: ['ignore', 'pipe', 'pipe'],
    });

    try {
      const said: string[] = [];
      child.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text));
      await until(() => sockets.size > 0);
      const exit = once(child, 'exit');
      child.kill(signal);

      expect(await exit).toEqual([code, null]);
      expect(said.join('')).toContain('interrupted');
    } finally {
      child.kill('SIGKILL');
      for (const socket of sockets) socket.destroy();
      silent.close();
    }
  });
});
