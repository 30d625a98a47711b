import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import type { DrillOrder, DrillWork } from '../../src/cli/tools.ts';
import type { AnyDrill } from '../definition.ts';
import { bullmqRuntime } from '../harness/bullmq.ts';
import type { Rig } from '../harness/cell.ts';
import { workerPool, type CrashWorker } from '../harness/pool.ts';
import { startWorkerProcess } from '../harness/processes.ts';
import type { WorkerSetting } from '../worker/main.ts';
import { certificateOf, type Certificate } from './certificate.ts';
import type { DrillFacts } from './facts.ts';
import { moduleUrl } from './load.ts';
import type { DrillPlan } from './plan.ts';
import { connectRedis, keysOfDrill, loadBullmq, removeKeys, type DrillRedis, type RedisPlace } from './redis.ts';
import { runAll } from './runs.ts';

/** One drill: its Redis, its worker processes, its runs; and all of it is gone at the end. */

/** How long Redis may take to answer for the first time, in milliseconds. */
const REDIS_PATIENCE = 10_000;

/** What the drill needs of the process that runs it. */
export interface DrillProcess extends DrillWork {
  /** The file of its worker processes. */
  readonly worker: URL;
  /** The version of a package that is installed. */
  versionOf(name: string): string;
}

/** What is drilled. */
export interface Drilled {
  readonly drill: AnyDrill;
  readonly facts: DrillFacts;
  readonly plan: DrillPlan;
}

/**
 * Runs a plan. Removes what it made in Redis when all workers have ended, also if it is interrupted.
 *
 * @throws {@link ConfigError} if a package is missing. {@link StoreUnavailableError} if Redis does not answer, or keys are left there.
 * Error if the run that nothing disturbs fails. The reason of the signal.
 */
export async function perform(order: DrillOrder, work: DrillProcess, drilled: Drilled): Promise<Certificate> {
  const { signal } = work;
  const place = placeOf(order);
  const { Queue } = await loadBullmq();
  const redis = await connectRedis(place, { patience: REDIS_PATIENCE, signal });
  const keys = keysOfDrill(randomId());
  const setting: WorkerSetting = { module: { url: moduleUrl(order.module), named: order.module }, redis: place, keys };
  const start = (): CrashWorker => startWorkerProcess(work.worker, { setting });
  // Each run needs two.
  const pool = workerPool(start, 2 * Math.min(order.concurrency, drilled.plan.runs.length));
  const stop = (): void => void pool.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    const at = { connection: redis.connection, prefix: keys.prefix };
    const runtime = bullmqRuntime((name, options) => new Queue(name, options), at);
    const rig: Rig = { runtime, pool, timeout: order.timeout, signal };
    return await certified(order, work, { ...drilled, rig, redis, id: keys.namespace });
  } finally {
    signal.removeEventListener('abort', stop);
    // Whoever may still write has to end first.
    await pool.close();
    try {
      await removeKeys(redis.client, keys);
    } finally {
      await redis.close();
    }
  }
}

async function certified(
  order: DrillOrder,
  work: DrillProcess,
  { drill, facts, plan, rig, redis, id }: Drilled & { rig: Rig; redis: DrillRedis; id: string },
): Promise<Certificate> {
  const { progress, versionOf } = work;
  const date = new Date();
  const began = performance.now();
  const { runs, undisturbed, notes } = await runAll({ drill, plan, rig, id, concurrency: order.concurrency, progress });
  const surroundings = {
    about: drill.about ?? drill.job.name ?? basename(order.module),
    module: order.module,
    date,
    versions: {
      mooring: versionOf('mooring'),
      bullmq: versionOf('bullmq'),
      redis: redis.version,
      node: process.versions.node,
    },
    platform: `${process.platform} ${process.arch}`,
    facts,
    undisturbed,
  };
  const took = Math.round(performance.now() - began);
  return certificateOf(surroundings, runs, { took, notes: [...plan.notes, ...notes] });
}

/** Credentials one by one: the object that holds them shows itself to nobody, a message to a worker process included. */
function placeOf({ redis }: DrillOrder): RedisPlace {
  const { username, password } = redis?.redisCredentials ?? {};
  const credentials = { ...(username !== undefined && { username }), ...(password !== undefined && { password }) };
  return { address: redis?.redis ?? '', credentials };
}

/** Short, and no name of Redis, Kubernetes or a cloud refuses it. */
function randomId(): string {
  return [...randomBytes(6)].map((byte) => (byte % 36).toString(36)).join('');
}
