import { isMooringError, isSuspension } from '../../src/index.ts';

/**
 * Errors as BullMQ understands them: by name or by message, never by class, since the user's BullMQ may be another copy or
 * another major than any that we could import.
 */

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
  return Object.assign(new Error('bullmq:rateLimitExceeded'), { name: 'RateLimitError' });
}

/** An error as BullMQ's final failure: no further attempt. Its text and its stack stay, and it is the cause. */
function unrecoverableError(cause: Error): Error {
  const error = new Error(cause.message, { cause });
  error.name = 'UnrecoverableError';
  if (cause.stack !== undefined) error.stack = cause.stack;
  return error;
}

/** What a processor rejects with: an error of this library that no retry can mend ends the job, the rest passes as it is. */
export function forBullMQ(error: unknown): unknown {
  return isMooringError(error) && !error.retryable && !isSuspension(error) ? unrecoverableError(error) : error;
}

/**
 * What a job that a person cancelled rejects with. BullMQ's own reason is a text, or none, and ends the job for good; an error of
 * the user's own decides that itself. Without a reason, BullMQ's signal makes an error up, with this name or, in bullmq 5, this text.
 */
export function cancelledError(reason: unknown): Error {
  if (reason instanceof Error && reason.name !== 'AbortError' && reason.message !== 'AbortError') return reason;
  const text = typeof reason === 'string' && reason !== '' ? reason : 'the job was cancelled';
  return unrecoverableError(new Error(text, { cause: reason }));
}

/** Whether an error says that the attempt ended on purpose: a suspension, what carries one as its cause, or an abort of its signal. */
export function isEndOfAttempt(error: unknown, signal: AbortSignal): boolean {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 10; at = at.cause, depth += 1) {
    if (isSuspension(at) || at === signal.reason) return true;
  }
  return signal.aborted && (error as { name?: unknown } | undefined)?.name === 'AbortError';
}
