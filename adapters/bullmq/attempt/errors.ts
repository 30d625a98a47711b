import { isMooringError } from '../../../src/adapter-kit.ts';

/**
 * Errors as BullMQ understands them: by name or by message, never by class. The user's BullMQ may be another copy or major
 * version than the one we would import.
 */

const RATE_LIMITED = 'bullmq:rateLimitExceeded';
/** The name of BullMQ's final failure. */
export const UNRECOVERABLE = 'UnrecoverableError';
const MOVES: readonly unknown[] = ['DelayedError', 'WaitingError', 'WaitingChildrenError'];

/** Tells BullMQ that the job was moved to the delayed set, and must stay there. */
export function delayedError(until: number): Error {
  return Object.assign(new Error(`the job waits until ${new Date(until).toISOString()}`), { name: 'DelayedError' });
}

/**
 * Asks the worker to put the job back at the front of the queue, without using up an attempt. BullMQ does that for a rate limit,
 * and then fetches no further job. After a `DelayedError`, a closing worker of bullmq 5 would fetch the next job, which may be
 * this one, again and again.
 */
export function handBackError(): Error {
  return Object.assign(new Error(RATE_LIMITED), { name: 'RateLimitError' });
}

/** Whether BullMQ treats an error as a move of the job, not as a failure. */
export function isMove(error: unknown): boolean {
  const { name, message } = Object(error) as Partial<Error>;
  return MOVES.includes(name) || message === RATE_LIMITED;
}

/** An error as BullMQ's final failure: no further attempt. An error of this library keeps its code and its other fields. */
function unrecoverableError(message: string, cause: unknown): Error {
  const error = new Error(message, { cause });
  if (isMooringError(cause)) Object.assign(Object.setPrototypeOf(error, Object.getPrototypeOf(cause) as object), cause);
  error.name = UNRECOVERABLE;
  if (cause instanceof Error && cause.stack !== undefined) error.stack = cause.stack;
  return error;
}

/**
 * The error that a processor rejects with. An error of this library that is not retryable ends the job; any other passes
 * unchanged.
 */
export function forBullMQ(error: unknown): unknown {
  if (!isMooringError(error) || error.retryable || error.name === UNRECOVERABLE) return error;
  return unrecoverableError(error.message, error);
}

/**
 * The error of a job that a person cancelled. If the reason is a text or missing, the job ends for good; an error of the user
 * decides that itself. Without a reason, BullMQ's signal makes up an error with this name or, in bullmq 5, with this text.
 */
export function cancelledError(reason: unknown): Error {
  if (reason instanceof Error && reason.name !== 'AbortError' && reason.message !== 'AbortError') return reason;
  return unrecoverableError(typeof reason === 'string' && reason !== '' ? reason : 'the job was cancelled', reason);
}
