import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { ensureBuilt } from '../../../scripts/build.ts';
import { startRedis, type RedisServer } from '../../../scripts/redis/server.ts';
import { until } from '../../support/until.ts';
import { BOTH_MAJORS, createRig, rounds, type Rig } from './rig.ts';
import { servedSystem, type ServedSystem } from './served-system.ts';
import { forkWorker } from './worker-process.ts';

/** Workers in processes of their own, killed and stopped by the system. */

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

function startWorker(bullmq: '5' | '6'): ChildProcess {
  const child = forkWorker(rig.queue.name, server.port, bullmq);
  processes.push(child);
  return child;
}

describe.each(rounds(BOTH_MAJORS))('bullmq $bullmq, round $round', (versions) => {
  test('pitfall 12: the next worker reconnects to the external job of a killed one', async () => {
    rig = createRig(server.port, versions);
    system = await servedSystem();
    const first = startWorker(versions.bullmq);
    const job = await rig.add({ system: system.url });
    await until(() => system.looks > 2);
    first.kill('SIGKILL');
    startWorker(versions.bullmq);
    await until(async () => (await rig.read(job)).attemptsStarted === 2);
    const { looks } = system;
    await until(() => system.looks > looks);
    system.succeed();

    const completed = await rig.reaches(job, 'completed');
    expect(completed.returnvalue).toBe('result of job-1');
    // On a busy machine BullMQ may take a live worker's job away, too.
    expect(completed.stalledCounter).toBeGreaterThanOrEqual(1);
    expect(system.submits).toBe(1);
    expect(system.cancelled).toEqual([]);
  });

  test('a worker that was paused past its lock changes nothing when it goes on', async () => {
    rig = createRig(server.port, versions);
    system = await servedSystem();
    const first = startWorker(versions.bullmq);
    const heard: string[] = [];
    first.on('message', (message: { error: string }) => heard.push(message.error));
    const job = await rig.add({ system: system.url });
    await until(() => system.looks > 2);
    first.kill('SIGSTOP');
    startWorker(versions.bullmq);
    await until(async () => (await rig.read(job)).attemptsStarted === 2);
    first.kill('SIGCONT');
    await until(() => heard.length > 0);
    const { looks } = system;
    await until(() => system.looks > looks + 2);
    system.succeed();

    const completed = await rig.reaches(job, 'completed');
    expect(completed.returnvalue).toBe('result of job-1');
    // On a busy machine BullMQ may take a live worker's job away, too.
    expect(completed.stalledCounter).toBeGreaterThanOrEqual(1);
    expect(system.submits).toBe(1);
    expect(system.cancelled).toEqual([]);
  });
});
