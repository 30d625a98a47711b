import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { ensureBuilt } from '../../../scripts/build.ts';
import type { Ended } from '../../../scripts/command.ts';
import { startRedis, type RedisServer } from '../../../scripts/redis/server.ts';
import { until } from '../../support/until.ts';
import { createRig, type Rig } from './rig.ts';
import { servedSystem, type ServedSystem } from './served-system.ts';
import { commandEnvironment, commandLine, forkWorker, runMooring } from './worker-process.ts';

/** A person who looks, with the built command: workers in processes of their own, a real queue. */

let server: RedisServer;
let rig: Rig;
let system: ServedSystem;
let processes: ChildProcess[] = [];
beforeAll(async () => {
  await ensureBuilt();
  server = await startRedis();
});
afterAll(() => server.stop());
afterEach(async () => {
  for (const child of processes) child.kill('SIGKILL');
  processes = [];
  await rig.close();
  await system.close();
});

function startWorker(): ChildProcess {
  const child = forkWorker(rig.queue.name, server.port);
  processes.push(child);
  return child;
}

function mooring(...args: readonly string[]): Promise<Ended> {
  return runMooring(server.port, ...args);
}

/** A job whose external job runs, and that a worker polls. */
async function running() {
  rig = createRig(server.port, { bullmq: '6', ioredis: '6' });
  system = await servedSystem();
  const worker = startWorker();
  const job = await rig.add({ system: system.url });
  await until(() => system.looks > 2);
  return { worker, job, id: job.id as string };
}

/** On a busy machine the queue may be too slow for the line about it, which is then left out. */
async function shownWithQueue(id: string): ReturnType<typeof mooring> {
  for (let tries = 1; ; tries += 1) {
    const shown = await mooring('show', rig.queue.name, id);
    if (tries === 5 || shown.stdout.includes('in queue')) return shown;
  }
}

test('a job that runs is listed, then shown with who holds it', async () => {
  const { worker, id } = await running();

  const listed = await mooring('jobs', '--queue', rig.queue.name, '--json');
  const shown = await shownWithQueue(id);

  expect(listed).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(listed.stdout)).toMatchObject({ total: 1, jobs: [{ state: 'submitted', externalId: 'job-1' }] });
  expect(shown).toMatchObject({ code: 0, stderr: '' });
  expect(shown.stdout).toMatch(new RegExp(`holder +attempt \\d+, .*process ${worker.pid}`));
  expect(shown.stdout).toMatch(/external ID +job-1\n/);
  expect(shown.stdout).toMatch(/in queue +active\n/);
  expect(shown.stdout).toContain(`mooring cancel ${rig.queue.name} ${id}`);
});

test('a kill shows in the timeline once the next attempt has come', async () => {
  const { worker, id } = await running();
  worker.kill('SIGKILL');
  startWorker();

  await until(async () => (await mooring('show', rig.queue.name, id)).stdout.includes('took the task up'));
  const { stdout } = await mooring('show', rig.queue.name, id);

  expect(stdout).toMatch(/attempt 1 +submitted the external job/);
  expect(stdout).toMatch(/attempt 1 +ended without a word: killed/);
  expect(stdout).toMatch(/attempt \d +took the task up/);
  expect(system.submits).toBe(1);
});

test('a watch prints the jobs until it is interrupted', async () => {
  await running();
  const child = spawn(process.execPath, commandLine('jobs', '--queue', rig.queue.name, '--watch', '--every', '1s', '--json'), {
    env: commandEnvironment(server.port),
    stdio: 'pipe',
  });
  processes.push(child);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  await until(() => text.split('\n').length > 2);

  const exit = once(child, 'exit');
  child.kill('SIGINT');

  expect(await exit).toEqual([130, null]);
  const documents = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object);
  expect(documents[1]).toMatchObject({ command: 'jobs', total: 1 });
  expect(documents.at(-1)).toMatchObject({ error: { code: 'interrupted' } });
});

test('a record is lost when its job was removed from the queue', async () => {
  const { worker, id } = await running();
  const before = await mooring('lost', '--queue', rig.queue.name);
  worker.kill('SIGKILL');
  await rig.redis.del(`bull:${rig.queue.name}:${id}`);

  const after = await mooring('lost', '--queue', rig.queue.name);

  expect(before).toEqual({ code: 0, stdout: '1 open record checked, 0 lost\n', stderr: '' });
  expect(after).toMatchObject({ code: 1, stderr: expect.stringContaining(`mooring clear ${rig.queue.name} ${id}`) });
  expect(after.stdout).toContain('the queue has no such job any more');
});

test('a job that was half removed is lost, also for a retry', async () => {
  const { worker, id } = await running();
  worker.kill('SIGKILL');
  const key = `bull:${rig.queue.name}:${id}`;
  await rig.redis.del(key);
  await rig.redis.hset(key, 'progress', '50');

  const lost = await mooring('lost', '--queue', rig.queue.name);
  const retried = await mooring('retry', rig.queue.name, id);

  expect(lost).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('only the remains of such a job\n1 open record checked'),
  });
  expect(retried).toMatchObject({ code: 1, stdout: expect.stringContaining(`has only the remains of job ${id}`), stderr: '' });
});

test('a job that cannot be read is said at the end, with the kind of its error', async () => {
  const { worker, id } = await running();
  worker.kill('SIGKILL');
  await rig.redis.del(`bull:${rig.queue.name}:${id}`);
  await rig.redis.set(`bull:${rig.queue.name}:${id}`, 'no hash');

  const { code, stdout } = await mooring('lost', '--queue', rig.queue.name);

  expect(code).toBe(1);
  expect(stdout).toMatch(
    /^0 open records checked, 0 lost\n1 record could not be checked: the queue \S+ cannot be asked \(WRONGTYPE\)/,
  );
});
