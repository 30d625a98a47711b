/** The crash harness: real worker processes, killed in every gap, against every kind of far side. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BatchEvent } from '../batch-service/events.ts';
import type { Side } from '../batch-service/job.ts';
import { startBatchProcess } from '../children.ts';
import type { Gap } from '../gaps.ts';
import type { Cleanup } from '../interrupt.ts';
import { startRedis } from '../redis/server.ts';
import { bullmqRuntime } from './bullmq.ts';
import { firstUse, runCell, type Environment } from './cell.ts';
import { FIND_LAG } from './messages.ts';
import { workerPool } from './pool.ts';
import type { RuntimeName } from './runtime.ts';
import { deviation, duplicates, isLost, type Run } from './table.ts';
import { temporalRuntime } from './temporal.ts';

/** What is run. */
export interface Plan {
  runtime: RuntimeName;
  gaps: readonly Gap[];
  sides: readonly Side[];
  repeat: number;
}

/** One cell of the report. */
export interface Cell {
  runtime: RuntimeName;
  gap: Gap;
  farSide: Side;
  runs: number;
  /** Of all runs together. */
  submissions: number;
  duplicates: number;
  lost: number;
  ambiguous: number;
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
  deviations: number;
}

/** Two cores: more at once only makes every worker slow enough to lose its lock. */
const AT_ONCE = 6;

/** Runs the plan. `onRun` is told of each run as it ends. */
export async function runCrash(
  plan: Plan,
  cleanup: Cleanup,
  onRun: (gap: Gap, side: Side, run: Run) => void = () => {},
): Promise<Report> {
  const environment = await prepare(plan.runtime, cleanup);
  const cells = plan.gaps.flatMap((gap) => plan.sides.map((farSide) => emptyCell(plan.runtime, gap, farSide)));
  const queue = Array.from({ length: plan.repeat }, (_, at) => cells.map((cell) => ({ cell, turn: at + 1 }))).flat();
  const lane = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { cell, turn } = next;
      const run = await runCell(environment, cell.gap, cell.farSide, turn);
      add(cell, run);
      onRun(cell.gap, cell.farSide, run);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  const total = (of: (cell: Cell) => number): number => cells.reduce((sum, cell) => sum + of(cell), 0);
  return {
    cells,
    duplicates: total((cell) => cell.duplicates),
    lost: total((cell) => cell.lost),
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
  const runtime = name === 'temporal' ? await temporalRuntime(redis.port, directory, cleanup) : bullmqRuntime(redis.port);
  const pool = workerPool(runtime.worker, { redisPort: redis.port, batchUrl: batch.url, ...runtime.setting }, AT_ONCE + 2);
  cleanup.add(() => pool.close());
  const environment: Environment = {
    runtime,
    directory,
    batch,
    pool,
    onBatchEvent: (name, listener) => void listeners.set(name, listener),
  };
  await firstUse(environment);
  return environment;
}

function emptyCell(runtime: RuntimeName, gap: Gap, farSide: Side): Cell {
  return {
    runtime,
    gap,
    farSide,
    runs: 0,
    submissions: 0,
    duplicates: 0,
    lost: 0,
    ambiguous: 0,
    decisions: {},
    deviations: [],
  };
}

function add(cell: Cell, run: Run): void {
  cell.runs += 1;
  cell.submissions += run.submissions;
  cell.duplicates += duplicates(run);
  cell.lost += isLost(run) ? 1 : 0;
  cell.ambiguous += run.ambiguous ? 1 : 0;
  for (const decision of run.decisions) cell.decisions[decision] = (cell.decisions[decision] ?? 0) + 1;
  const deviates = deviation(cell.gap, cell.farSide, run);
  if (deviates !== undefined) cell.deviations.push(deviates);
}
