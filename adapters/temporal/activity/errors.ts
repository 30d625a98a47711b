import { ApplicationFailure } from '@temporalio/activity';
import { isMooringError, isStale, type AnyMooringError } from '../../../src/adapter-kit.ts';

/** Errors as Temporal understands them. Whatever is no `ApplicationFailure` there loses its type, its details and whether to retry. */

/** The type of the failure that hands a waiting activity back. Not an error: the next attempt polls again. */
export const WAITING = 'mooring.waiting';

/**
 * The activity waits, and is handed back meanwhile.
 *
 * @param delay - Milliseconds, at least 1: with 0 the server would end the activity.
 */
export function waitingFailure(delay: number, message = 'waiting for the external job'): ApplicationFailure {
  return ApplicationFailure.create({ message, type: WAITING, nextRetryDelay: delay, category: 'BENIGN' });
}

/**
 * What an activity rejects with. Once its attempt was stopped, every error is that stop, which passes as Temporal made it: a cancellation
 * in another error would be a failure, and an `AbortError` of a reset activity would hang until a timeout. Only an attempt that was
 * superseded has an error of its own to tell.
 *
 * @param stop - Why the attempt was stopped; `undefined`: it was not.
 */
export function forTemporal(error: unknown, stop: unknown): unknown {
  const end = stop === undefined || isStale(error) ? error : stop;
  return isMooringError(end) ? failureOf(end) : end;
}

/** A store was away, which is no failure of the activity's work: the next attempt comes after this delay in milliseconds. */
export function outageFailure(error: unknown, nextRetryDelay: number): ApplicationFailure {
  let outage = error;
  while (!isMooringError(outage)) outage = (outage as Error).cause;
  return Object.assign(failureOf(outage), { nextRetryDelay, category: 'BENIGN' });
}

/** An error of this library with its code as the failure's type, so that a retry policy can name it. */
function failureOf(error: AnyMooringError): ApplicationFailure {
  return ApplicationFailure.create({
    message: error.message,
    type: error.code,
    nonRetryable: !error.retryable,
    details: [Object.fromEntries(Object.entries(error).filter(([name]) => IDENTIFIERS.includes(name)))],
    cause: error,
    // A superseded attempt is no fault of anybody: the newer one does the work.
    ...(isStale(error) && { category: 'BENIGN' as const }),
  });
}

/** What tells an operator where to look; never a value. */
const IDENTIFIERS = 'scope key store idempotencyKey submission externalId reason option codec alias attempt holder'.split(' ');
