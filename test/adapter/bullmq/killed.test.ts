import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from '../../../scripts/build.ts';
import { startRedis, type RedisServer } from '../../../scripts/redis/server.ts';
import { until } from '../../support/until.ts';
import { BOTH_MAJORS, createRig, rounds, type Rig } from './rig.ts';
import { sharedFarSide } from './shared-far-side.ts';

/** Workers in processes of their own, killed and stopped by the system. */

const FILE = fileURLToPath(new URL('processes/worker.mjs', import.meta.url));

jest.setTimeout(60_000);
let server: RedisServer;
let rig: Rig;
let processes: ChildProcess[] = [];
beforeAll(async () => {
  await ensureBuilt();
  server = await startRedis();
}, 60_000);
afterAll(() => server.stop());
afterEach(async () => {
  for (const child of processes) child.kill('SIGKILL');
  processes = [];
  await rig.close();
});

function startWorker(bullmq: '5' | '6'): ChildProcess {
  const child = fork(FILE, [rig.queue.name, bullmq === '6' ? 'bullmq' : 'bullmq-5'], {
    env: { ...process.env, MOORING_TEST_REDIS_PORT: String(server.port) },
    execArgv: [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  processes.push(child);
  return child;
}

describe.each(rounds(BOTH_MAJORS))('bullmq $bullmq, round $round', (versions) => {
  test('pitfall 12: a killed worker’s job is reconnected to by the next worker, and submitted once', async () => {
    rig = createRig(server.port, versions);
    const side = sharedFarSide(rig);
    const first = startWorker(versions.bullmq);
    const job = await rig.add({ far: side.name });
    await until(async () => (await side.polls()) > 2);
    first.kill('SIGKILL');
    startWorker(versions.bullmq);
    await until(async () => (await rig.read(job)).attemptsStarted === 2);
    const polls = await side.polls();
    await until(async () => (await side.polls()) > polls);
    await side.end(0, 'succeeded', 'done');

    expect(await rig.reaches(job, 'completed')).toMatchObject({ returnvalue: 'done', stalledCounter: 1 });
    expect(await side.submits()).toHaveLength(1);
    expect(await side.cancelled()).toEqual([]);
  });

  test('a worker that was paused past its lock changes nothing when it goes on', async () => {
    rig = createRig(server.port, versions);
    const side = sharedFarSide(rig);
    const first = startWorker(versions.bullmq);
    const heard: string[] = [];
    first.on('message', (message: { error: string }) => heard.push(message.error));
    const job = await rig.add({ far: side.name });
    await until(async () => (await side.polls()) > 2);
    first.kill('SIGSTOP');
    startWorker(versions.bullmq);
    await until(async () => (await rig.read(job)).attemptsStarted === 2);
    first.kill('SIGCONT');
    await until(() => heard.length > 0);
    const polls = await side.polls();
    await until(async () => (await side.polls()) > polls + 2);
    await side.end(0, 'succeeded', 'done');

    expect(await rig.reaches(job, 'completed')).toMatchObject({ returnvalue: 'done', stalledCounter: 1 });
    expect(await side.submits()).toHaveLength(1);
    expect(await side.cancelled()).toEqual([]);
  });
});
