import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { transformSync } from '@swc/core';
import { Redis } from 'ioredis';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../scripts/command.ts';
import { startRedis, type RedisServer } from '../../scripts/redis/server.ts';
import { freePort } from '../../scripts/free-port.ts';
import { createConsumer, root, type Consumer } from './consumer.ts';
import { modulesOf } from './pages.ts';
import { letTheLockLapse } from './stalled.ts';

/** The programs of docs/tutorial.md and docs/testing.md, as they stand there, in a project that installed the tarball. */

let consumer: Consumer;
let redis: RedisServer;
const programs: ChildProcess[] = [];

beforeAll(async () => {
  [consumer, redis] = await Promise.all([createConsumer(), startRedis()]);
  await Promise.all(['bullmq', 'ioredis'].map((name) => consumer.add(name)));
  await Promise.all(['tutorial', 'testing'].map(writePrograms));
});

afterAll(async () => {
  for (const program of programs) program.kill('SIGKILL');
  await redis?.stop();
  await consumer?.remove();
});

/** The modules of a page, as JavaScript, in a folder of its name. */
async function writePrograms(page: string): Promise<void> {
  const path = `docs/${page}.md`;
  await mkdir(join(consumer.folder, page));
  for (const [file, code] of modulesOf({ path, text: await readFile(join(root, path), 'utf8') })) {
    const { code: js } = transformSync(code, {
      jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
      module: { type: 'es6' },
    });
    await consumer.write(`${page}/${file.replace(/\.ts$/, '.js')}`, js);
  }
}

/** A program of the tutorial, in a terminal of its own. */
interface Terminal {
  readonly process: ChildProcess;
  /** Resolves with the first line that fits. */
  says(what: RegExp): Promise<string>;
  readonly text: () => string;
}

function start(file: string, env: Record<string, string>): Terminal {
  const child = spawn(process.execPath, [join(consumer.folder, 'tutorial', file)], {
    env: { ...process.env, REDIS_URL: `redis://127.0.0.1:${redis.port}`, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  programs.push(child);
  let text = '';
  let heard = (): void => undefined;
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more;
    heard();
  });
  return {
    process: child,
    text: () => text,
    says: (what) =>
      new Promise((resolve) => {
        heard = () => {
          const found = what.exec(text)?.[0];
          if (found !== undefined) resolve(found);
        };
        heard();
      }),
  };
}

test('the tutorial: the next worker goes on with the job of a killed one', async () => {
  const env = { FARM_PORT: String(await freePort()), FARM_MS: '5000' };
  const farm = start('farm.js', env);
  await farm.says(/ready/);
  const first = start('worker.js', env);
  const client = start('add.js', env);
  await farm.says(/accepted holiday.mov as farm-1/);
  await first.says(/decision: 'submitted'/);

  first.process.kill('SIGKILL');
  await once(first.process, 'exit');
  const connection = new Redis(redis.port, '127.0.0.1');
  await letTheLockLapse(connection, 'transcode', '1');
  connection.disconnect();
  const second = start('worker.js', env);
  const decision = await second.says(/decision: '.*'/);
  const result = await client.says(/result: .*\n/);

  expect(decision).toMatch(/reconnected|already-succeeded/);
  expect(result).toContain('https://farm.example/farm-1.mp4');
  expect(farm.text().match(/accepted/g)).toHaveLength(1);
});

test('the tests of docs/testing.md pass', async () => {
  const { stdout } = await run(process.execPath, ['--test', join(consumer.folder, 'testing/publish.test.js')]);

  expect(stdout).toMatch(/^# pass 13$|ℹ pass 13$/m);
  expect(stdout).toMatch(/^# fail 0$|ℹ fail 0$/m);
});
