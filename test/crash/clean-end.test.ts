import { expect, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { isAlive } from '../support/alive.ts';
import { until } from '../support/until.ts';

/** Everything that demo and tests start ends with them, however they end. */

const SERVER = new URL('../../scripts/redis/server.ts', import.meta.url).href;
const CHILDREN = new URL('../../scripts/children.ts', import.meta.url).href;
const DEMO = fileURLToPath(new URL('../../scripts/demo.ts', import.meta.url));

/** A process that runs a module's text. */
function program(text: string): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', text], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [line] = (await once(createInterface(child.stdout as NodeJS.ReadableStream), 'line')) as [string];
  return line;
}

/** The process ID and the data folder of the Redis that listens on a port. */
async function redisOn(port: number): Promise<{ pid: number; folder: string }> {
  const { Redis } = await import('ioredis');
  const client = new Redis(port, '127.0.0.1');
  try {
    const [, folder] = (await client.config('GET', 'dir')) as [string, string];
    return { pid: Number(/process_id:(\d+)/.exec(await client.info('server'))?.[1]), folder };
  } finally {
    client.disconnect();
  }
}

test.each(['SIGKILL', 'SIGTERM', 'SIGINT'] as const)('a Redis ends with the process that started it: %s', async (signal) => {
  const parent = program(`
    import { startRedis } from '${SERVER}';
    console.log((await startRedis()).port);
    setInterval(() => {}, 1_000);
  `);
  const { pid, folder } = await redisOn(Number(await firstLine(parent)));

  parent.kill(signal);

  await until(() => !isAlive(pid) && !existsSync(folder));
});

test('a Redis keeps nothing that outlives it', async () => {
  const { startRedis } = await import('../../scripts/redis/server.ts');
  const { Redis } = await import('ioredis');
  const redis = await startRedis();
  const client = new Redis(redis.port, '127.0.0.1');

  const [, bind] = (await client.config('GET', 'bind')) as [string, string];
  const { folder } = await redisOn(redis.port);
  client.disconnect();
  await redis.stop();

  expect(bind).toBe('127.0.0.1');
  expect(existsSync(folder)).toBe(false);
});

test('a batch service that lost the process that started it ends its jobs, too', async () => {
  const parent = program(`
    import { mkdtemp } from 'node:fs/promises';
    import { tmpdir } from 'node:os';
    import { join } from 'node:path';
    import { startBatchProcess } from '${CHILDREN}';
    const directory = await mkdtemp(join(tmpdir(), 'mooring-test-'));
    const batch = await startBatchProcess({
      directory,
      onEvent: (event) => event.event === 'started' && console.log(JSON.stringify({ service: batch.pid, job: event.pid, directory })),
    });
    await fetch(batch.url + '/plain/jobs', { method: 'POST', body: JSON.stringify({ name: 'a', command: ['sleep', '60'] }) });
    setInterval(() => {}, 1_000);
  `);
  const { service, job, directory } = JSON.parse(await firstLine(parent)) as { service: number; job: number; directory: string };

  parent.kill('SIGKILL');

  await until(() => !isAlive(service) && !isAlive(job) && !existsSync(directory));
});

test.each([
  ['Ctrl-C', 'SIGINT', 130],
  ['kill -9', 'SIGKILL', null],
] as const)('%s ends the demo and all that it started', async (_name, signal, exitCode) => {
  const demo = spawn(process.execPath, ['--import', 'tsx', DEMO, '--size', '40'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const pids: number[] = [];
  let port = 0;
  for await (const line of createInterface(demo.stdout)) {
    pids.push(...[...line.matchAll(/process (\d+)/g)].map((match) => Number(match[1])));
    port ||= Number(/redis .* on 127\.0\.0\.1:(\d+)/.exec(line)?.[1] ?? 0);
    if (line.includes('runs as process')) break;
  }
  const redis = await redisOn(port);

  // Ctrl-C reaches the whole group, kill -9 one process.
  process.kill(signal === 'SIGINT' ? -(demo.pid as number) : (demo.pid as number), signal);
  // 'close', not 'exit': also every process that shares the demo's output has ended.
  demo.stdout.resume();
  const [code] = (await once(demo, 'close')) as [number | null];

  expect(code).toBe(exitCode);
  expect(pids.length).toBeGreaterThanOrEqual(2);
  await until(() => [...pids, redis.pid].every((pid) => !isAlive(pid)) && !existsSync(redis.folder));
});
