import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { ensureBuilt } from '../../../scripts/build.ts';
import type { Ended } from '../../../scripts/command.ts';
import { startRedis, type RedisServer } from '../../../scripts/redis/server.ts';
import { until } from '../../support/until.ts';
import { createRig, type Rig } from './rig.ts';
import { servedSystem, type ServedSystem } from './served-system.ts';
import { forkWorker, runMooring } from './worker-process.ts';

/** A person with the built command, workers in processes of their own, a real queue. */

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

test('a submit that was lost with its worker completes as the one job that a person adopted', async () => {
  rig = createRig(server.port, { bullmq: '6', ioredis: '6' });
  system = await servedSystem();
  const reply = system.beforeReply;
  system.beforeReply = () => new Promise(() => undefined);
  const first = startWorker();
  const job = await rig.add({ system: system.url, plain: true });
  await until(() => system.submits === 1);
  first.kill('SIGKILL');
  startWorker();
  const { failedReason } = await rig.reaches(job, 'failed');

  const listed = await mooring('jobs', '--state', 'ambiguous');
  const asked = /`(mooring adopt \S+ \S+) ID`/.exec(failedReason)?.[1]?.split(' ').slice(1) ?? [];
  system.beforeReply = reply;
  const adopted = await mooring(...asked, 'job-1');
  system.succeed('job-1');

  expect(listed).toMatchObject({ code: 0, stdout: expect.stringContaining(`${rig.queue.name} ${job.id}`) });
  expect(adopted).toEqual({
    code: 0,
    stdout:
      `adopted "job-1" as submission 1 of ${rig.queue.name} ${job.id}: the next attempt reconnects to it\n` +
      `retried job ${job.id} of ${rig.queue.name}: a worker takes it up\n`,
    stderr: '',
  });
  expect((await rig.reaches(job, 'completed')).returnvalue).toBe('result of job-1');
  expect(system.submits).toBe(1);
});

test('a job that another process holds is cancelled with its external job', async () => {
  rig = createRig(server.port, { bullmq: '6', ioredis: '6' });
  system = await servedSystem();
  startWorker();
  const job = await rig.add({ system: system.url });
  await until(() => system.looks > 2);

  const cancelled = await mooring('cancel', rig.queue.name, job.id as string, '--reason', 'the customer left', '--yes');

  expect(cancelled).toEqual({
    code: 0,
    stdout: `asked to cancel job ${job.id} of ${rig.queue.name}: the worker that holds it hears of it within a heartbeat. If that worker is dead, the next one does\n`,
    stderr: '',
  });
  expect((await rig.reaches(job, 'failed')).failedReason).toContain('the customer left');
  expect(system.cancelled).toEqual(['job-1 requested']);
});

test('a queue of a misspelt name leaves nothing in Redis', async () => {
  rig = createRig(server.port, { bullmq: '6', ioredis: '6' });
  system = await servedSystem();

  const { code, stdout } = await mooring('retry', 'transcoed', '42');

  expect({ code, stdout }).toEqual({ code: 1, stdout: 'there is no job 42 of transcoed any more: no attempt takes this up\n' });
  expect(await rig.redis.keys('bull:transcoed*')).toEqual([]);
});
