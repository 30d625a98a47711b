import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import type { CommandOutcome } from '../../src/cli/outcome.ts';
import { EXIT } from '../../src/cli/outcome.ts';
import type { DrillOrder, DrillWork } from '../../src/cli/tools.ts';
import { count } from '../../src/cli/words.ts';
import { messageOf } from '../../src/model/reason.ts';
import type { AnyDrill, DrillCell } from '../definition.ts';
import { bullmqRuntime } from '../harness/bullmq.ts';
import { runCell, runUndisturbed, type Place, type Rig } from '../harness/cell.ts';
import { inLanes } from '../harness/lanes.ts';
import { workerPool, type CrashWorker } from '../harness/pool.ts';
import { startWorkerProcess } from '../harness/processes.ts';
import { outcomeOf, type CellRun } from '../harness/table.ts';
import { certificateOf, certifiedRun, type Certificate, type CertifiedRun, type Surroundings } from './certificate.ts';
import { factsOfDrill, type DrillFacts } from './facts.ts';
import { findingOf } from './judge.ts';
import { loadDrill, moduleUrl } from './load.ts';
import { planOf, type DrillPlan } from './plan.ts';
import { connectRedis, keysOfDrill, loadBullmq, removeKeys, type DrillKeys, type DrillRedis } from './redis.ts';
import { drillSystem, type Baseline, type DrillSystem } from './system.ts';
import { certificateText, timeInWords } from './text.ts';

/** `mooring drill`, from its order to its certificate. */

/** How long Redis may take to answer for the first time, in milliseconds. */
const REDIS_PATIENCE = 10_000;

/** What the drill needs of the process that runs it. */
export interface DrillProcess extends DrillWork {
  /** The file of its worker processes. */
  readonly worker: URL;
  /** The version of a package that is installed. */
  versionOf(name: string): string;
}

/**
 * Runs a drill.
 *
 * @throws {@link UsageError} if the module is no drill, `ConfigError` if a package is missing, `StoreUnavailableError` if Redis is;
 * the reason of the signal. Whatever it throws, nothing of it is left in Redis.
 */
export async function runDrill(order: DrillOrder, work: DrillProcess): Promise<CommandOutcome> {
  const drill = await loadDrill(moduleUrl(order.module), order.module);
  const facts = factsOfDrill(drill);
  const plan = planOf(order, facts);
  const { runs, jobs, notes } = plan;
  const said = `${count(runs.length + 1, 'run')}, at most ${count(jobs, 'job')} in the external system, ${order.concurrency} at the same time`;
  if (order.dryRun) {
    const cells = runs.map(({ end, gap, turn }) => ({ end, gap, turn }));
    return { code: EXIT.ok, report: { dryRun: true, facts, jobs, runs: cells, notes }, lines: [said], notes };
  }
  work.note(said);
  const certificate = await perform(order, work, { drill, facts, plan });
  return { code: exitCode(certificate), report: certificate, lines: certificateText(certificate) };
}

function exitCode({ totals, passed }: Certificate): number {
  if (passed) return EXIT.ok;
  return totals.doubles + totals.lostJobs + totals.lostResults + totals.others > 0 ? EXIT.failed : EXIT.usage;
}

interface Drilled {
  readonly drill: AnyDrill;
  readonly facts: DrillFacts;
  readonly plan: DrillPlan;
}

/** Runs the plan, and leaves nothing in Redis. */
async function perform(order: DrillOrder, work: DrillProcess, drilled: Drilled): Promise<Certificate> {
  const { signal } = work;
  const { redis: address = '', redisCredentials: { username, password } = {} } = order.redis ?? {};
  const place = {
    address,
    credentials: { ...(username !== undefined && { username }), ...(password !== undefined && { password }) },
  };
  const redis = await connectRedis(place, { patience: REDIS_PATIENCE, signal });
  const keys = keysOfDrill(randomId());
  const setting = { module: { url: moduleUrl(order.module), named: order.module }, redis: place, keys };
  let rig: Rig | undefined;
  const stop = (): void => void rig?.pool.close();
  try {
    const { Queue } = await loadBullmq();
    const start = (): CrashWorker => startWorkerProcess(work.worker, { setting });
    rig = {
      runtime: bullmqRuntime((name, at) => new Queue(name, at), { connection: redis.connection, prefix: keys.prefix }),
      pool: workerPool(start, 2 * Math.min(order.concurrency, drilled.plan.runs.length)),
      timeout: order.timeout,
      signal,
    };
    signal.addEventListener('abort', stop, { once: true });
    return await runAll(order, work, { ...drilled, rig, redis, keys });
  } finally {
    signal.removeEventListener('abort', stop);
    // Whoever may still write has ended.
    await rig?.pool.close();
    await removeKeys(redis.client, keys);
    await redis.close();
  }
}

async function runAll(
  order: DrillOrder,
  work: DrillProcess,
  { drill, facts, plan, rig, redis, keys }: Drilled & { rig: Rig; redis: DrillRedis; keys: DrillKeys },
): Promise<Certificate> {
  const { signal, progress, versionOf } = work;
  const date = new Date();
  const notes = [...plan.notes];
  const began = performance.now();
  const systemOf = (cell: DrillCell, baseline: Baseline | undefined, delay?: number): Promise<DrillSystem> =>
    drillSystem({ drill, cell, baseline, signal, note: (text) => void notes.push(text), ...(delay !== undefined && { delay }) });
  const nameOf = (end: string, gap: string, turn: number): string => `${keys.namespace}-${end}-${gap.toLowerCase()}-${turn}`;

  progress('the run that nothing disturbs');
  const first = await systemOf({ name: `${keys.namespace}-none`, number: 1, end: 'none', gap: '-' }, undefined);
  const { baseline, undisturbed } = await undisturbedRun(rig, first);

  const runs = new Map<number, CertifiedRun>();
  await inLanes([...plan.runs.entries()], order.concurrency, async ([at, place]) => {
    const { end, gap, turn } = place;
    const cell = { name: nameOf(end, gap, turn), number: at + 2, end, gap };
    const { run, ids } = await oneRun(rig, place, () => systemOf(cell, baseline, delayOf(place, turn, baseline)));
    signal.throwIfAborted();
    runs.set(at, certifiedRun(place, run, findingOf(place, run, ids)));
    progress(
      `${runs.size}/${plan.runs.length}  ${end} ${gap}: ${run.submissions} jobs, ${run.trouble ?? outcomeOf(run)}, ${timeInWords(run.took)}`,
    );
  });
  const surroundings: Surroundings = {
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
  const inOrder = plan.runs.flatMap((_, at) => runs.get(at) ?? []);
  return certificateOf(surroundings, inOrder, { took: Math.round(performance.now() - began), notes });
}

/**
 * The run that nothing disturbs. All others are compared with it.
 *
 * @throws Error if it has no result, or not one job.
 */
async function undisturbedRun(
  rig: Rig,
  system: DrillSystem,
): Promise<{ baseline: Baseline; undisturbed: Surroundings['undisturbed'] }> {
  const { ended, counted, took } = await runUndisturbed(rig, system, { old: false });
  rig.signal.throwIfAborted();
  if (ended === undefined) throw new Error(`the run that nothing disturbs did not end within ${timeInWords(rig.timeout)}`);
  if (!ended.completed) throw new Error(`the run that nothing disturbs failed: ${ended.reason}`);
  if (!counted.result) throw new Error('isResult refuses the result of the run that nothing disturbs');
  if (counted.submissions !== 1)
    throw new Error(`count says ${counted.submissions} jobs after the run that nothing disturbs, not 1`);
  const { submitTook } = system;
  return { baseline: { result: ended.result, submitTook }, undisturbed: { jobs: 1, took, submitTook } };
}

/** A run that fails by itself is one that could not be made. */
async function oneRun(rig: Rig, place: Place, open: () => Promise<DrillSystem>): Promise<{ run: CellRun; ids: number }> {
  const began = performance.now();
  try {
    const system = await open();
    const run = await runCell(rig, place, system);
    return { run, ids: system.externalIds.length };
  } catch (error) {
    const took = Math.round(performance.now() - began);
    const nothing = { submissions: 0, running: 0, result: false, attempts: 0, ambiguous: false, cancelled: false, reason: '' };
    return { run: { ...nothing, decisions: [], took, trouble: messageOf(error) }, ids: 0 };
  }
}

/** In G4 a request is on its way: the worker dies at another moment of it in each turn. */
function delayOf({ end, gap }: Place, turn: number, { submitTook }: Baseline): number | undefined {
  if (end !== 'kill' || gap !== 'G4') return undefined;
  return Math.round(submitTook * (MOMENTS[(turn - 1) % MOMENTS.length] ?? 0));
}

const MOMENTS = [0.5, 0.1, 0.9, 0.3, 0.7];

/** Short, and no name of Redis, Kubernetes or a cloud refuses it. */
function randomId(): string {
  return [...randomBytes(6)].map((byte) => (byte % 36).toString(36)).join('');
}
