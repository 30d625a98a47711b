import { ApplicationFailure, CancelledFailure, CompleteAsyncError } from '@temporalio/activity';
import { isMooringError, isSuspension, type AnyMooringError } from '../../src/index.ts';

/** Errors as Temporal understands them. Whatever is no `ApplicationFailure` there loses its type, its details and whether to retry. */

/** The type of the failure that hands a waiting activity back. Not an error: the next attempt polls again. */
const WAITING = 'mooring.waiting';

/**
 * The activity waits, and gives its slot back meanwhile.
 *
 * @param delay - Milliseconds, at least 1: with 0 the server would end the activity.
 */
export function waitingFailure(delay: number): ApplicationFailure {
  return ApplicationFailure.create({
    message: 'waiting for the external job',
    type: WAITING,
    nonRetryable: false,
    nextRetryDelay: delay,
    category: 'BENIGN',
  });
}

/** An error of this library with its code as the failure's type, so that a retry policy can name it. */
function failureOf(error: AnyMooringError): ApplicationFailure {
  return ApplicationFailure.create({
    message: error.message,
    type: error.code,
    nonRetryable: !error.retryable,
    details: [identifiers(error)],
    cause: error,
    // A superseded attempt is no fault of anybody: the newer one does the work.
    ...(error.code === 'mooring.stale-attempt' && { category: 'BENIGN' as const }),
  });
}

/** What tells an operator where to look; never a value. */
const IDENTIFIERS = [
  'scope',
  'key',
  'store',
  'idempotencyKey',
  'submission',
  'externalId',
  'reason',
  'option',
  'codec',
  'alias',
] as const;

function identifiers(error: AnyMooringError): Record<string, unknown> {
  const fields = error as unknown as Record<string, unknown>;
  return Object.fromEntries(IDENTIFIERS.flatMap((name) => (fields[name] === undefined ? [] : [[name, fields[name]]])));
}

/**
 * What an activity rejects with. What ended the attempt on purpose passes as Temporal made it, also out of an error that user
 * code has wrapped it in: a cancellation in another error would be a failure. The cancellation of something else, as of a workflow that
 * the activity waited for, is a cause like others. An `AbortError` of the activity's signal becomes the
 * signal's reason: as it is, the server would wait for the attempt until a timeout.
 */
export function forTemporal(error: unknown, signals: readonly AbortSignal[]): unknown {
  const aborted = signals.filter((signal) => signal.aborted);
  const ended = endOf(
    error,
    aborted.map(({ reason }) => reason as unknown),
  );
  if (ended !== undefined) return isMooringError(ended) ? failureOf(ended) : ended;
  if (aborted[0] && isAbortError(error)) return forTemporal(aborted[0].reason, []);
  return isMooringError(error) ? failureOf(error) : error;
}

const DEPTH = 10;

/** What in an error, or in the causes of it, is the end of the attempt. */
function endOf(error: unknown, reasons: readonly unknown[]): unknown {
  // By its form: Node's own errors are of another realm where code runs in a sandbox.
  for (let at = asObject(error), depth = 0; at && depth < DEPTH; at = asObject(at.cause), depth += 1) {
    if (at instanceof CancelledFailure && (depth === 0 || reasons.length > 0)) return at;
    if (at instanceof CompleteAsyncError && depth === 0) return at;
    if (isSuspension(at) || reasons.includes(at)) return (isAbortError(at) && asObject(at.cause)) || at;
  }
  return undefined;
}

function isAbortError(error: unknown): boolean {
  return asObject(error)?.name === 'AbortError';
}

function asObject(value: unknown): { name?: unknown; cause?: unknown } | undefined {
  return typeof value === 'object' && value !== null ? value : undefined;
}
