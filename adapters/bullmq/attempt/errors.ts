import { isMooringError } from '../../../src/adapter-kit.ts';

/**
 * Errors as BullMQ understands them: by name or by message, never by class, since the user's BullMQ may be another copy or
 * another major than any that we could import.
 */

const RATE_LIMITED = 'bullmq:rateLimitExceeded';
/** BullMQ's final failure. */
export const UNRECOVERABLE = 'UnrecoverableError';
const MOVES: readonly unknown[] = ['DelayedError', 'WaitingError', 'WaitingChildrenError'];

/** The job was moved to the delayed set: leave it there. */
export function delayedError(until: number): Error {
  return Object.assign(new Error(`the job waits until ${new Date(until).toISOString()}`), { name: 'DelayedError' });
}

/**
 * Asks the worker to put the job back in front of the queue, with no attempt used up. BullMQ does that itself for what it takes
 * for a rate limit, and fetches no further job. After a `DelayedError` a closing worker of bullmq 5 fetches the next job, which may
 * be this very one, again and again.
 */
export function handBackError(): Error {
  return Object.assign(new Error(RATE_LIMITED), { name: 'RateLimitError' });
}

/** Whether BullMQ takes an error for a move of the job, which is no failure. */
export function isMove(error: unknown): boolean {
  const { name, message } = Object(error) as Partial<Error>;
  return MOVES.includes(name) || message === RATE_LIMITED;
}

/** An error as BullMQ's final failure: no further attempt. One of this library stays one, with its code and its other fields. */
function unrecoverableError(message: string, cause: unknown): Error {
  const error = new Error(message, { cause });
  if (isMooringError(cause)) Object.assign(Object.setPrototypeOf(error, Object.getPrototypeOf(cause) as object), cause);
  error.name = UNRECOVERABLE;
  if (cause instanceof Error && cause.stack !== undefined) error.stack = cause.stack;
  return error;
}

/** What a processor rejects with: an error of this library that no retry can mend ends the job, the rest passes unchanged. */
export function forBullMQ(error: unknown): unknown {
  if (!isMooringError(error) || error.retryable || error.name === UNRECOVERABLE) return error;
  return unrecoverableError(error.message, error);
}

/**
 * What a job that a person cancelled rejects with. BullMQ's own reason is a text, or none, and ends the job for good; an error of
 * the user's own decides that itself. Without a reason, BullMQ's signal makes an error up, with this name or, in bullmq 5, this text.
 */
export function cancelledError(reason: unknown): Error {
  if (reason instanceof Error && reason.name !== 'AbortError' && reason.message !== 'AbortError') return reason;
  return unrecoverableError(typeof reason === 'string' && reason !== '' ? reason : 'the job was cancelled', reason);
}
