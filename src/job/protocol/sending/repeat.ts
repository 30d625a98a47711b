import { stopwatch } from '../../../async/clock.ts';
import { isMooringError } from '../../../model/errors/store.ts';
import { reasonOf } from '../../../model/reason.ts';
import { jittered } from '../poll.ts';
import type { Run } from '../run.ts';
import { keepsKey } from './submit.ts';

/**
 * A short outage of the external system should not cost an attempt of the runtime. So a submit is repeated inside the attempt, with
 * the same key: after a failure that may have been accepted if the external system knows keys, such as an HTTP 500, and after a
 * request that never left this machine, whatever the external system knows.
 */

/** The repeated submits of one run. */
export interface Repeating {
  /** Milliseconds since the first of them failed. */
  elapsed: () => number;
  /** Milliseconds until the next one. */
  after: number;
  /** The last failure, and why it was one. */
  error: unknown;
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
  if (signal.aborted || !(isUnsent(error) || (options.idempotentFor !== undefined && isOutage(error)))) return undefined;
  const elapsed = before?.elapsed ?? stopwatch(core.clock);
  const after = jittered(
    run,
    before ? Math.min(LONGEST_PAUSE, before.after * 2) : Math.min(FIRST_PAUSE, options.pollInterval.from),
  );
  if (elapsed() + after > options.submitTimeout) return undefined;
  return { elapsed, after, error, reason: reasonOf(error) };
}

/** `submitRequest` and users say so: the key is not spent, and the same submit may succeed later. */
function isUnsent(error: unknown): boolean {
  return keepsKey(error) && isMooringError(error) && error.retryable;
}

const FAULTS: readonly string[] = ['TypeError', 'ReferenceError', 'RangeError', 'SyntaxError', 'AssertionError'];

/** Not a fault of the code of `submit`, which a repetition does not mend. `fetch` has a `TypeError` with a cause for a broken connection. */
function isOutage(error: unknown): boolean {
  if (isMooringError(error)) return false;
  return !(error instanceof Error) || error.cause !== undefined || !FAULTS.includes(error.name);
}
