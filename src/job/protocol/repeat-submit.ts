import { stopwatch } from '../../async/clock.ts';
import { isMooringError } from '../../model/errors/store.ts';
import { reasonOf } from '../../model/reason.ts';
import { jittered } from './poll.ts';
import type { Run } from './run.ts';

/**
 * A submit that failed may have been accepted. If the external system knows keys again, it is repeated inside the attempt, with
 * the same key: an HTTP 500 should not cost an attempt of the runtime.
 */

/** The repeated submits of one run. */
export interface Repeating {
  /** Milliseconds since the first of them failed. */
  elapsed: () => number;
  /** Milliseconds until the next one. */
  after: number;
  /** Why the last one failed. */
  reason: string;
}

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 15_000;

/**
 * Whether, and when, a failed submit is repeated: with pauses that double, for as long as `submitTimeout` after the first failure.
 * `undefined`: the error ends the attempt.
 */
export function repeat(run: Run, error: unknown, before: Repeating | undefined): Repeating | undefined {
  const { options, core, signal } = run;
  if (options.idempotentFor === undefined || signal.aborted || isMooringError(error) || isFault(error)) return undefined;
  const elapsed = before?.elapsed ?? stopwatch(core.clock);
  const after = jittered(
    run,
    before ? Math.min(LONGEST_PAUSE, before.after * 2) : Math.min(FIRST_PAUSE, options.pollInterval.from),
  );
  if (elapsed() + after > options.submitTimeout) return undefined;
  return { elapsed, after, reason: reasonOf(error) };
}

const FAULTS: readonly string[] = ['TypeError', 'ReferenceError', 'RangeError', 'SyntaxError', 'AssertionError'];

/** Whether the code of `submit` is at fault, which a repetition does not mend. `fetch` reports a broken connection as a `TypeError` with a cause. */
function isFault(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error.cause === undefined && FAULTS.includes(error.name);
}
