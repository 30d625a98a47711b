import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { run, type Ended } from '../../scripts/command.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { createConsumer, type Consumer } from './consumer.ts';

/** `mooring drill` of the tarball, with a module in JavaScript, in a project that installed the package and its clients. */

/** An external system whose jobs are files: one for each key, which run for a second. */
const MODULE = `import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { externalJob } from 'mooring';
import { defineDrill } from 'mooring/drill';

const job = externalJob({
  async submit({ folder }, { idempotencyKey }) {
    await mkdir(folder, { recursive: true });
    await writeFile(folder + '/' + idempotencyKey, '', { flag: 'wx' }).catch(() => {});
    return folder + '/' + idempotencyKey;
  },
  idempotentFor: '1d',
  getStatus: async (id) => ({ state: Date.now() - (await stat(id)).birthtimeMs > 1_000 ? 'succeeded' : 'active' }),
  pollInterval: '100ms',
});

export default defineDrill({
  job,
  input: ({ name }) => ({ folder: process.cwd() + '/jobs-' + name }),
  count: async ({ input }) => (await readdir(input.folder)).length,
});
`;

let consumer: Consumer;
let redis: TestRedis;

beforeAll(async () => {
  [consumer, redis] = await Promise.all([createConsumer(), startRedis()]);
  await consumer.write('drill.js', MODULE);
});

afterAll(async () => {
  await redis?.stop();
  await consumer?.remove();
});

function drill(...args: string[]): Promise<Ended> {
  return run(process.execPath, [join(consumer.folder, 'node_modules/.bin/mooring'), 'drill', './drill.js', ...args], {
    cwd: consumer.folder,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], MOORING_REDIS: `redis://127.0.0.1:${redis.port}` },
  });
}

test('it says what it would run without any client', async () => {
  expect(await drill('--dry-run')).toMatchObject({
    code: 0,
    stdout: '26 runs, at most 26 jobs in the external system, 4 at the same time\n',
    stderr: expect.stringContaining('cancel is left out'),
  });
});

test.each(['bullmq', 'ioredis'])('it says to install %s', async (name) => {
  const { code, stderr } = await drill();

  await consumer.add(name);
  expect(stderr).toMatch(
    new RegExp(`mooring\\.config: .* needs the package ${name}, which is not installed: npm install ${name}$`, 'm'),
  );
  expect(code).toBe(2);
});

test('it certifies the job, with the versions that are installed', async () => {
  const { code, stdout } = await drill('--ends', 'kill', '--gaps', 'G5', '--json');

  expect(JSON.parse(stdout)).toMatchObject({
    passed: true,
    about: 'drill.js',
    versions: { mooring: expect.stringMatching(/^\d/), bullmq: expect.stringMatching(/^\d/) },
    runs: [{ end: 'kill', gap: 'G5', jobs: 1, outcome: 'result' }],
  });
  expect(code).toBe(0);
  expect(await redis.command('dbsize')).toBe(':0\r\n');
});
