import { ApplicationFailure } from '@temporalio/activity';
import { isMooringError, isStale, type AnyMooringError } from '../../../src/adapter-kit.ts';

/**
 * Errors as Temporal understands them. An error that is not an `ApplicationFailure` loses its type, its details and whether to
 * retry.
 */

/** The type of the failure that hands a waiting activity back. It is not an error: the next attempt polls again. */
export const WAITING = 'mooring.waiting';

/**
 * The failure by which a waiting activity is handed back.
 *
 * @param delay - Milliseconds, at least 1: with 0 the server would end the activity.
 */
export function waitingFailure(delay: number, message = 'waiting for the external job'): ApplicationFailure {
  return ApplicationFailure.create({ message, type: WAITING, nextRetryDelay: delay, category: 'BENIGN' });
}

/**
 * The error that an activity rejects with. Once its attempt was stopped, that is the reason of the stop, unchanged. A
 * cancellation inside another error would count as a failure, and an `AbortError` of a reset activity would hang until a timeout.
 * Only a superseded attempt has an error of its own.
 *
 * @param stop - Why the attempt was stopped; `undefined`: it was not.
 */
export function forTemporal(error: unknown, stop: unknown): unknown {
  const end = stop === undefined || isStale(error) ? error : stop;
  return isMooringError(end) ? failureOf(end) : end;
}

/**
 * The failure for a store outage, which is not a failure of the activity's work. The next attempt comes after this delay in
 * milliseconds.
 */
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
    // A superseded attempt is nobody's fault: the newer one does the work.
    ...(isStale(error) && { category: 'BENIGN' as const }),
  });
}

/** The fields that tell an operator where to look; never a value. */
const IDENTIFIERS = 'scope key store idempotencyKey submission externalId reason option codec alias attempt holder'.split(' ');
