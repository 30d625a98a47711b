import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Queue, QueueEvents } from 'bullmq';
import { Redis } from 'ioredis';
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run, type Ended } from '../../scripts/command.ts';
import { startRedis, type RedisServer } from '../../scripts/redis/server.ts';
import { startFarm, type Farm } from '../package/farm.ts';
import { letTheLockLapse } from '../package/stalled.ts';
import { until } from '../support/until.ts';

/** What must work on every runtime, and in every bundle: a worker that is killed, values in files by each codec, the command. */

/** A runtime, and a project in which it runs our programs. */
export interface Runtime {
  /** Where it runs. */
  readonly folder: string;
  /** What runs a program: the rest of the line is its path and its arguments. */
  readonly command: readonly string[];
  /** The path of `worker` or `values`. */
  program(name: 'worker' | 'values'): string;
  /** `values` in Node, to read what was written here, and the other way round. @defaultValue it runs here only */
  readonly inNode?: readonly string[];
  /** The path of the command. */
  readonly cli?: string;
  remove(): Promise<void>;
}

/** What Node 20 has. */
const CODECS = ['gzip', 'snappy', 'brotli'];
const QUEUE = 'transcode';

/**
 * The tests of a runtime.
 *
 * @param says - What the command's doctor calls it. @defaultValue it has no command
 */
export function describeRuntime(name: string, open: () => Promise<Runtime>, says?: RegExp): void {
  describe(name, () => {
    let runtime: Runtime;
    let redis: RedisServer;
    let env: NodeJS.ProcessEnv;

    beforeAll(async () => {
      [runtime, redis] = await Promise.all([open(), startRedis()]);
      const files = join(runtime.folder, 'objects');
      await mkdir(files);
      // Nothing else: a variable MOORING_… of the tests would be one that the command does not know.
      const { PATH, HOME } = process.env;
      env = { PATH, HOME, REDIS_URL: `redis://127.0.0.1:${redis.port}`, FOLDER: files };
    });
    afterAll(async () => {
      await redis?.stop();
      await runtime?.remove();
    });

    const ran = async (command: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Ended> => {
      const [program = '', ...args] = command;
      return run(program, args, { cwd: runtime.folder, env: { ...env, ...more } });
    };

    describe('a worker', () => {
      let farm: Farm;
      let connection: Redis;
      let queue: Queue;
      let events: QueueEvents;
      const workers: ChildProcess[] = [];

      beforeEach(async () => {
        farm = await startFarm();
        connection = new Redis(redis.port, '127.0.0.1', { maxRetriesPerRequest: null });
        queue = new Queue(QUEUE, { connection });
        events = new QueueEvents(QUEUE, { connection });
        await events.waitUntilReady();
      });
      afterEach(async () => {
        await Promise.all(workers.splice(0).map((worker) => ended(worker, 'SIGKILL')));
        await events.close();
        await queue.obliterate({ force: true });
        await queue.close();
        connection.disconnect();
        await farm.close();
      });

      const startWorker = (): ChildProcess => {
        const [program = '', ...args] = runtime.command;
        const worker = spawn(program, [...args, runtime.program('worker')], {
          cwd: runtime.folder,
          env: { ...env, FARM_URL: farm.url },
          stdio: ['pipe', 'ignore', 'inherit'],
        });
        workers.push(worker);
        return worker;
      };

      test('that is killed leaves a job that the next one reconnects, with one submission in all', async () => {
        const first = startWorker();
        const job = await queue.add('video', { source: 'a.mov' });
        await until(async () => (await recordLetter(connection)) === 'e');

        await ended(first, 'SIGKILL');
        await letTheLockLapse(connection, QUEUE, job.id ?? '');
        const second = startWorker();
        await until(async () => ((await queue.getJob(job.id ?? ''))?.attemptsStarted ?? 0) > 1);
        farm.finish();
        const result: unknown = await job.waitUntilFinished(events, 120_000);

        expect(result).toEqual({ url: 'https://farm.example/farm-1' });
        expect(farm.tokens).toHaveLength(1);
        await expect(ended(second, 'SIGTERM')).resolves.toBe(7);
      });
    });

    test('values in files are those of Node, by each codec', async () => {
      const here = [...runtime.command, runtime.program('values')];
      const there = runtime.inNode ?? here;
      const all = CODECS.map((codec) => `${codec} true\n`).join('');

      for (const [writer, reader] of [
        [here, there],
        [there, here],
      ] as const) {
        await expect(ran([...writer, 'write', ...CODECS])).resolves.toMatchObject({ code: 0, stderr: '' });
        await expect(ran([...reader, 'read', ...CODECS])).resolves.toMatchObject({ code: 0, stdout: all });
      }
    });

    if (!says) return;
    test('the command finds nothing wrong', async () => {
      const stores = { MOORING_REDIS: env['REDIS_URL'], MOORING_PATH: `file://${env['FOLDER']}/` };

      const doctor = await ran([...runtime.command, runtime.cli ?? '', 'doctor'], stores);

      expect(doctor).toMatchObject({ code: 0, stdout: expect.stringMatching(says), stderr: '' });
    });
  });
}

/** The letter of the one external-job record in Redis. */
async function recordLetter(connection: Redis): Promise<string | undefined> {
  for (const key of await connection.keys('mooring:*/*')) {
    const fields = await connection.hgetall(key);
    const record = Object.entries(fields).find(([name]) => name.startsWith('r:'))?.[1];
    if (record !== undefined) return record[1];
  }
  return undefined;
}

/** Ends a process, and says with which code it ended. */
async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const gone = new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.kill(signal);
  return gone;
}
