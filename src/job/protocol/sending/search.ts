import { InvalidValueError, OutcomeUnknownError, type AlreadySubmittedError } from '../../../model/errors/store.ts';
import { reasonOf } from '../../../model/reason.ts';
import type { JsonValue } from '../../../model/storable.ts';
import { cannotKnow } from '../../call-context.ts';
import { readId } from '../external-id.ts';
import { contextOf, type AboutSubmission } from '../job-context.ts';
import { callSystem, type Run } from '../run.ts';
import { askOnce } from '../status-call.ts';

/** Looks in the external system for the job that was submitted with a key. */

/** The ID of the job that was found; `none`: there certainly is none; `unclear`: the external system cannot know. */
export type Found = { externalId: JsonValue } | 'none' | 'unclear';

/**
 * Looks for the job of a submission.
 *
 * @throws what `find` threw, or {@link OutcomeUnknownError} if it gave no answer.
 */
export async function find(run: Run, about: AboutSubmission): Promise<Found> {
  const { idempotencyKey } = about;
  const late = (text: string): Error => new OutcomeUnknownError('no-answer', `find gave ${text}`, run.where);
  const search = async (signal: AbortSignal): Promise<unknown> => run.job.find?.(idempotencyKey, contextOf(run, about, signal));
  const id: unknown = await callSystem(run, search, late);
  if (id === cannotKnow) return 'unclear';
  return id === undefined || id === null ? 'none' : { externalId: checkedId(run, id) };
}

/**
 * The job that exists, as the external system said when it refused a known key. The search tells its ID. Without a search, the
 * given ID counts if the external system knows a job of that ID: a refusal may be about something else.
 *
 * @throws the refusal if no job was found. The submit stays unresolved.
 */
export async function findSubmitted(run: Run, about: AboutSubmission, refusal: AlreadySubmittedError): Promise<JsonValue> {
  if (run.options.findable) {
    let found = await find(run, about);
    if (found === 'none' && run.options.findLag > 0) {
      await run.core.clock.sleep(run.options.findLag, run.signal);
      found = await find(run, about);
    }
    if (typeof found === 'object') return found.externalId;
    if (found === 'none') throw refusal;
  }
  if (refusal.externalId === undefined) throw refusal;
  const externalId = checkedId(run, refusal.externalId);
  const { status } = await askOnce(run, { ...about, externalId });
  if (status.state === 'missing' || status.state === 'unknown') throw refusal;
  return externalId;
}

/**
 * Looks for the job of an earlier request after a repeated key was refused: the refusal says nothing about that request. Never
 * rejects.
 */
export async function findEarlier(run: Run, about: AboutSubmission): Promise<JsonValue | undefined> {
  if (!run.options.findable) return undefined;
  try {
    const found = await find(run, about);
    return typeof found === 'object' ? found.externalId : undefined;
  } catch (error) {
    run.life.log.warn({ ...run.about, reason: reasonOf(error) }, 'the search after a refused submit failed');
    return undefined;
  }
}

/**
 * The ID that `submit` or `find` returned, as it will be read back. An invalid one is logged, since it is all that is known of a
 * job.
 */
export function checkedId(run: Run, returned: unknown): JsonValue {
  const read = readId(returned);
  if ('id' in read) return read.id;
  run.life.log.error({ ...run.about, problem: read.problem }, 'the external ID cannot be written down');
  throw new InvalidValueError('the external ID', `${read.problem}; it must be JSON that getStatus can ask for`, run.where);
}
