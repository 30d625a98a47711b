import { bounded } from '../../../async/deadline.ts';
import { isMooringError, OutcomeUnknownError } from '../../../model/errors/store.ts';
import type { AlreadySubmittedError, ConfigError, NotSubmittedError } from '../../../model/errors/store.ts';
import type { StoredRecord } from '../../../format/record.ts';
import { reasonOf } from '../../../model/reason.ts';
import { previousJob } from '../job-context.ts';
import { at, type Run } from '../run.ts';

/** The one call of `submit`, and what its failure says. */

/** An error by which certainly nothing was accepted. Making a `NotSubmittedError` with an invalid option says so too. */
export type Refusal = NotSubmittedError | ConfigError;

/** Whether certainly nothing was accepted. */
export function isRefusal(error: unknown): error is Refusal {
  if (!isMooringError(error)) return false;
  if (error.code === 'mooring.config') return error.option === 'retryAfter' || error.option === 'newKey';
  return error.code === 'mooring.not-submitted';
}

/** A refusal that keeps its key is none by that key, and does not count: the external system may not even have seen it. */
export function keepsKey(error: unknown): boolean {
  return isRefusal(error) && (error as Partial<NotSubmittedError>).newKey === false;
}

/** Whether the external system refused the key because it knows it. */
export function isKnownKey(error: unknown): error is AlreadySubmittedError {
  return isMooringError(error) && error.code === 'mooring.already-submitted';
}

/**
 * Calls `submit` within a time, in milliseconds. Returns what it returned.
 *
 * @param late - Gets an answer that comes after that time.
 * @throws what it threw, or {@link OutcomeUnknownError} if it gave no answer.
 */
export async function callSubmit(
  run: Run,
  mine: StoredRecord,
  timeout: number,
  late: (returned: unknown) => Promise<void>,
): Promise<unknown> {
  const { idempotencyKey, submission, previous: earlier } = mine;
  const callbackToken = run.attempt.callbackToken ?? run.own.address.path;
  const previous = previousJob(earlier);
  let reply: Promise<unknown> | undefined;
  const request = async (signal: AbortSignal): Promise<unknown> => {
    reply = Promise.resolve(run.job.submit(run.input, { idempotencyKey, submission, callbackToken, previous, signal }));
    if (!run.core.crashPoint) return reply;
    reply.catch(() => undefined);
    await at(run, 'G4');
    return reply;
  };
  run.life.log.debug({ ...run.about, submission, idempotencyKey }, 'submitting');
  run.own.sent.add(run.options.recordName);
  const outcome = await bounded(run.core.timer, timeout, undefined, request);
  if (outcome.ended === 'value') return outcome.value;
  void reply?.then(late).catch(() => undefined);
  throw new OutcomeUnknownError('no-answer', `submit gave no answer within ${Math.round(timeout)} ms`, run.where);
}

/**
 * Ensures that a failed submit is never reported as a success, and that no reason is reported twice. Returns the reason.
 *
 * @param before - The reason that was reported last.
 */
export function tellFailedSubmit(run: Run, mine: StoredRecord, error: unknown, before: string | undefined): string {
  const { submission, idempotencyKey } = mine;
  const reason = reasonOf(error);
  const decision = isRefusal(error) ? 'refused' : 'unresolved';
  run.tell(decision, submission);
  run.history.note(decision, submission);
  const text = decision === 'refused' ? 'the submit was refused' : 'the submit failed, and nobody knows whether the job exists';
  run.life.log[reason === before ? 'debug' : 'warn']({ ...run.about, decision, submission, idempotencyKey, reason }, text);
  return reason;
}
