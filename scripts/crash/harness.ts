/** The crash harness: real worker processes, whose attempts end in every gap and in every way, against every kind of external system. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BatchEvent } from '../batch-service/events.ts';
import type { SystemKind } from '../batch-service/job.ts';
import { startBatchProcess } from '../children.ts';
import type { Gap } from '../gaps.ts';
import type { Cleanup } from '../interrupt.ts';
import { startRedis } from '../redis/server.ts';
import { bullmqRuntime } from './bullmq.ts';
import { firstUse, runCell, type Environment, type Place } from './cell.ts';
import { canEnd, type End } from './ends.ts';
import { FIND_LAG } from './messages.ts';
import { workerPool } from './pool.ts';
import type { RuntimeName } from './runtime.ts';
import { deviation, duplicates, isLost, isTooMany, outcomeOf, type Run } from './table.ts';
import { temporalRuntime } from './temporal.ts';

/** What is run. */
export interface Plan {
  runtime: RuntimeName;
  places: readonly Place[];
  repeat: number;
}

/** All cells of these ends, gaps and systems, without those that cannot be. */
export function placesOf(ends: readonly End[], gaps: readonly Gap[], systems: readonly SystemKind[]): Place[] {
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

/** Runs the plan. `onRun` is told of each run as it ends. */
export async function runCrash(
  plan: Plan,
  cleanup: Cleanup,
  onRun: (place: Place, run: Run) => void = () => {},
): Promise<Report> {
  const environment = await prepare(plan.runtime, cleanup);
  const places = plan.places.map((place) => ({ place, cell: emptyCell(plan.runtime, place) }));
  const cells = places.map(({ cell }) => cell);
  const queue = Array.from({ length: plan.repeat }, (_, at) => places.map((one) => ({ ...one, turn: at + 1 }))).flat();
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { place, cell, turn } = next;
      const run = await runCell(environment, place, turn);
      add(cell, place, run);
      onRun(place, run);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  const total = (of: (cell: Cell) => number): number => cells.reduce((sum, cell) => sum + of(cell), 0);
  return {
    cells,
    duplicates: total((cell) => cell.duplicates),
    lost: total((cell) => cell.lost),
    tooMany: total((cell) => cell.tooMany),
    deviations: total((cell) => cell.deviations.length),
  };
}

async function prepare(name: RuntimeName, cleanup: Cleanup): Promise<Environment> {
  const directory = await mkdtemp(join(tmpdir(), 'mooring-crash-'));
  cleanup.add(() => rm(directory, { recursive: true, force: true }));
  const redis = await startRedis(directory);
  cleanup.add(() => redis.stop());
  const listeners = new Map<string, (event: BatchEvent) => void>();
  const batch = await startBatchProcess({
    directory: join(directory, 'jobs'),
    findLag: FIND_LAG,
    onEvent: (event) => 'name' in event && listeners.get(event.name)?.(event),
  });
  cleanup.add(() => batch.stop());
  const runtime = name === 'temporal' ? await temporalRuntime(directory, cleanup) : bullmqRuntime(redis.port);
  const pool = workerPool(runtime.worker, { redisPort: redis.port, batchUrl: batch.url, ...runtime.setting }, AT_ONCE + 2);
  cleanup.add(() => pool.close());
  const environment: Environment = {
    runtime,
    directory,
    batch,
    pool,
    onBatchEvent: (name, listener) => void listeners.set(name, listener),
  };
  await firstUse(environment, redis.port);
  return environment;
}

function emptyCell(runtime: RuntimeName, { end, gap, system }: Place): Cell {
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

function add(cell: Cell, { end, gap, system }: Place, run: Run): void {
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
