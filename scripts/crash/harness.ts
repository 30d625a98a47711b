/** The crash harness: real worker processes, whose attempts end in every gap and in every way, against every kind of external system. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCell, runUndisturbed, type Place, type Rig } from '../../drill/harness/cell.ts';
import { inLanes } from '../../drill/harness/lanes.ts';
import { workerPool, type CrashWorker } from '../../drill/harness/pool.ts';
import { startWorkerProcess } from '../../drill/harness/processes.ts';
import { isLost, isTooMany, outcomeOf, type CellRun } from '../../drill/harness/table.ts';
import type { Gap } from '../../src/job/protocol/crash-point.ts';
import type { BatchEvent } from '../batch-service/events.ts';
import type { SystemKind } from '../batch-service/job.ts';
import { builtWorker } from '../build.ts';
import { startBatchProcess } from '../children.ts';
import type { Cleanup } from '../interrupt.ts';
import { startRedis } from '../redis/server.ts';
import { bullmqAt } from './bullmq.ts';
import { canEnd, type End } from './ends.ts';
import { FIND_LAG } from './messages.ts';
import type { RuntimeName } from './runtime.ts';
import { batchSystem, firstUse, type Environment } from './system.ts';
import { deviation, duplicates } from './table.ts';
import { temporalRuntime } from './temporal.ts';

/** One cell of the crash table. */
export type CrashPlace = Place<End>;

/** What is run. */
export interface Plan {
  runtime: RuntimeName;
  places: readonly CrashPlace[];
  repeat: number;
}

/** All cells of these ends, gaps and systems, without those that cannot be. */
export function placesOf(ends: readonly End[], gaps: readonly Gap[], systems: readonly SystemKind[]): CrashPlace[] {
  return ends.flatMap((end) =>
    gaps.filter((gap) => canEnd(end, gap)).flatMap((gap) => systems.map((system) => ({ end, gap, system }))),
  );
}

/** One cell of the report. */
export interface Cell {
  runtime: RuntimeName;
  end: End;
  gap: Gap;
  system: SystemKind;
  runs: number;
  /** Of all runs together, as what follows. */
  submissions: number;
  attempts: number;
  duplicates: number;
  lost: number;
  /** Runs in which there were more submissions than attempts. */
  tooMany: number;
  /** How often each outcome came. */
  outcomes: Record<string, number>;
  /** How often each decision was taken. */
  decisions: Record<string, number>;
  /** What differs from the crash table. */
  deviations: string[];
}

/** The report: the object of `--json`. */
export interface Report {
  cells: Cell[];
  duplicates: number;
  lost: number;
  tooMany: number;
  deviations: number;
}

/** Two cores: more at once only makes every worker slow enough to lose its lock. */
const AT_ONCE = 6;
const DEADLINE = 60_000;

/** Runs the plan. `onRun` is told of each run as it ends. */
export async function runCrash(
  plan: Plan,
  cleanup: Cleanup,
  onRun: (place: CrashPlace, run: CellRun) => void = () => {},
): Promise<Report> {
  const { environment, rig } = await prepare(plan, cleanup);
  const places = plan.places.map((place) => ({ place, cell: emptyCell(plan.runtime, place) }));
  const cells = places.map(({ cell }) => cell);
  const runs = Array.from({ length: plan.repeat }, (_, at) => places.map((one) => ({ ...one, turn: at + 1 }))).flat();
  await inLanes(runs, AT_ONCE, async ({ place, cell, turn }) => {
    const run = await runCell(rig, place, await batchSystem(environment, place, turn));
    add(cell, place, run);
    onRun(place, run);
  });
  const total = (of: (cell: Cell) => number): number => cells.reduce((sum, cell) => sum + of(cell), 0);
  return {
    cells,
    duplicates: total((cell) => cell.duplicates),
    lost: total((cell) => cell.lost),
    tooMany: total((cell) => cell.tooMany),
    deviations: total((cell) => cell.deviations.length),
  };
}

async function prepare(
  { runtime: name, places, repeat }: Plan,
  cleanup: Cleanup,
): Promise<{ environment: Environment; rig: Rig }> {
  const directory = await mkdtemp(join(tmpdir(), 'mooring-crash-'));
  cleanup.add(() => rm(directory, { recursive: true, force: true, maxRetries: 10 }));
  const redis = await startRedis(directory);
  cleanup.add(() => redis.stop());
  const listeners = new Map<string, (event: BatchEvent) => void>();
  const batch = await startBatchProcess({
    directory: join(directory, 'jobs'),
    findLag: FIND_LAG,
    onEvent: (event) => 'name' in event && listeners.get(event.name)?.(event),
  });
  cleanup.add(() => batch.stop());
  const runtime = name === 'temporal' ? await temporalRuntime(directory, cleanup) : bullmqAt(redis.port);
  const setting = { redisPort: redis.port, batchUrl: batch.url, ...runtime.setting };
  const worker = await builtWorker(runtime.worker);
  const start = (): CrashWorker => startWorkerProcess(worker, { args: [JSON.stringify(setting)], execArgv: [] });
  const pool = workerPool(start, Math.min(AT_ONCE, places.length * repeat) + 2);
  cleanup.add(() => pool.close());
  const rig: Rig = { runtime, pool, timeout: DEADLINE, signal: cleanup.signal };
  // Until a namespace has long been in use, a job that died before it used any state cannot be told from one whose state was lost.
  await runUndisturbed(rig, firstUse(), { old: false });
  await runtime.aged(redis.port);
  const environment = {
    runtime,
    directory,
    batch,
    onBatchEvent: (name: string, listener: (event: BatchEvent) => void) => void listeners.set(name, listener),
  };
  return { environment, rig };
}

function emptyCell(runtime: RuntimeName, { end, gap, system }: CrashPlace): Cell {
  return {
    runtime,
    end,
    gap,
    system,
    runs: 0,
    submissions: 0,
    attempts: 0,
    duplicates: 0,
    lost: 0,
    tooMany: 0,
    outcomes: {},
    decisions: {},
    deviations: [],
  };
}

function add(cell: Cell, { end, gap, system }: CrashPlace, run: CellRun): void {
  cell.runs += 1;
  cell.submissions += run.submissions;
  cell.attempts += run.attempts;
  cell.duplicates += duplicates(end, run);
  cell.lost += isLost(run) ? 1 : 0;
  cell.tooMany += isTooMany(run) ? 1 : 0;
  count(cell.outcomes, outcomeOf(run));
  for (const decision of run.decisions) count(cell.decisions, decision);
  const deviates = deviation(end, gap, system, run);
  if (deviates !== undefined) cell.deviations.push(deviates);
}

function count(counts: Record<string, number>, what: string): void {
  counts[what] = (counts[what] ?? 0) + 1;
}
