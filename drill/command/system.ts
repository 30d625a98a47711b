import { isDeepStrictEqual } from 'node:util';
import { systemClock } from '../../src/async/clock.ts';
import { bounded, systemTimer } from '../../src/async/deadline.ts';
import { retry } from '../../src/async/retry.ts';
import type { ExternalId } from '../../src/job/external-job.ts';
import type { JobStatus } from '../../src/job/status.ts';
import { milliseconds } from '../../src/model/duration.ts';
import { messageOf } from '../../src/model/reason.ts';
import type { AnyDrill, CountedCell, DrillCell } from '../definition.ts';
import type { CellSystem } from '../harness/stage.ts';
import type { TracedJob, WorkerMessage } from '../harness/messages.ts';
import type { JobEnd } from '../harness/runtime.ts';
import type { Counted } from '../harness/table.ts';

/** The external system of one run, as its user's module shows it. */

/** The longest that one call of the module may take, in milliseconds. */
const CALL = 60_000;
/** How long a cancelled job may take to stop, in milliseconds. */
const STOPS = 60_000;
const LOOK_EVERY = 500;
const TRIES = 3;
const FIRST_PAUSE = 1_000;
/** A submit may fail now and then, which costs an attempt. */
const ATTEMPTS = 3;

/** The run that nothing disturbs: what its result was, and how long its `submit` took, in milliseconds. */
export interface Baseline {
  readonly result: unknown;
  readonly submitTook: number;
}

/** One run of a drill. */
export interface DrillSystem extends CellSystem {
  readonly cell: DrillCell;
  /** IDs that `submit` returned, or `find` found. */
  readonly externalIds: readonly ExternalId[];
  /** How long `submit` took the last time, in milliseconds. */
  readonly submitTook: number;
}

/** What a run is made with. */
export interface DrillSystemOptions {
  readonly drill: AnyDrill;
  readonly cell: DrillCell;
  /** None yet for the run that nothing disturbs. */
  readonly baseline: Baseline | undefined;
  /** How long after a gap was reached a worker dies in it, in milliseconds. */
  readonly delay?: number;
  readonly signal: AbortSignal;
  /** Tells what went wrong with the clean-up. */
  note(text: string): void;
}

/**
 * Makes one.
 *
 * @throws what `input` of the module throws.
 */
export async function drillSystem(options: DrillSystemOptions): Promise<DrillSystem> {
  const { drill, cell, baseline, delay, signal, note } = options;
  const { job, settle = '1s' } = drill;
  const input = typeof drill.input === 'function' ? ((await drill.input(cell)) as unknown) : drill.input;
  const keys = new Set<string>();
  const traced = new Map<string, TracedJob>();
  let submitTook = 0;

  const counted = (signal: AbortSignal): CountedCell<unknown> => ({
    ...cell,
    input,
    idempotencyKeys: [...keys],
    externalIds: idsOf(traced.values()),
    signal,
  });
  const call = async <T>(what: string, until: AbortSignal | undefined, work: (cell: CountedCell<unknown>) => Promise<T>) => {
    const outcome = await bounded(systemTimer, CALL, until, async (signal) => work(counted(signal)));
    if (outcome.ended === 'value') return outcome.value;
    throw outcome.ended === 'aborted' ? outcome.reason : new Error(`${what} gave no answer within a minute`);
  };
  const jobs = async (): Promise<number> => {
    const number: unknown = await call('count', signal, async (counted) => drill.count(counted));
    if (Number.isSafeInteger(number) && (number as number) >= 0) return number as number;
    throw new Error(`count must return a whole number, received ${typeof number}`);
  };
  const again = { clock: systemClock, signal, pause: { first: FIRST_PAUSE }, tries: TRIES, passes: () => true };
  const isRight = (result: unknown): boolean => {
    if (drill.isResult) return drill.isResult(result, counted(signal));
    return baseline === undefined || isDeepStrictEqual(result, baseline.result);
  };

  return {
    cell,
    queue: cell.name,
    input,
    extra: {},
    attempts: ATTEMPTS,
    releases: cell.end === 'release',
    ...(delay !== undefined && { delay }),
    open: () => undefined,
    hear(message: WorkerMessage) {
      if (message.type === 'submit') keys.add(message.idempotencyKey);
      if (message.type === 'submitted') submitTook = message.took;
      if (message.type === 'external-id') traced.set(JSON.stringify(message.externalId), message);
    },
    async count(ended: JobEnd | undefined): Promise<Counted> {
      // A run that came to nothing is told by why it did, not by what becomes of its count.
      if (!ended) return { submissions: await jobs().catch(() => 0), running: 0, result: false };
      await systemClock.sleep(milliseconds(settle, 'settle'), signal);
      const submissions = await retry(again, jobs);
      const running = ended.cancelled ? await stillRunning(job, { input, jobs: [...traced.values()], signal }) : 0;
      return { submissions, running, result: ended.completed && isRight(ended.result) };
    },
    async close() {
      if (!drill.cleanUp) return;
      // Also when the drill is interrupted, but not for ever.
      await call('cleanUp', undefined, async (counted) => drill.cleanUp?.(counted)).catch((error: unknown) =>
        note(`cleanUp of ${cell.name} failed: ${messageOf(error)}`),
      );
    },
    get externalIds() {
      return idsOf(traced.values());
    },
    get submitTook() {
      return submitTook;
    },
  };
}

function idsOf(jobs: Iterable<TracedJob>): ExternalId[] {
  return [...jobs].map(({ externalId }) => externalId as ExternalId);
}

/** How many jobs have not ended, although they were cancelled. A status that cannot be asked for is asked for again. */
async function stillRunning(
  job: AnyDrill['job'],
  { input, jobs, signal }: { input: unknown; jobs: readonly TracedJob[]; signal: AbortSignal },
): Promise<number> {
  const running = async ({ externalId, idempotencyKey, submission, submittedAt }: TracedJob): Promise<boolean> => {
    const about = { input, idempotencyKey, submission, submittedAt: new Date(submittedAt) };
    const ask = async (signal: AbortSignal): Promise<JobStatus> => job.getStatus(externalId as ExternalId, { ...about, signal });
    const status = await bounded(systemTimer, CALL, signal, ask).catch(() => undefined);
    return !(status?.ended === 'value' && ['succeeded', 'failed', 'missing'].includes(status.value.state));
  };
  const deadline = Date.now() + STOPS;
  for (;;) {
    const left = (await Promise.all(jobs.map(running))).filter(Boolean).length;
    if (left === 0 || Date.now() >= deadline) return left;
    await systemClock.sleep(LOOK_EVERY, signal);
  }
}
