import { stopwatch } from '../../../async/clock.ts';
import { isMooringError, NotSubmittedError, StoreUnavailableError } from '../../../model/errors/store.ts';
import { writeIdText } from '../../../format/write-id.ts';
import type { JsonValue } from '../../../model/storable.ts';
import { inSpan } from '../../../observe/spans.ts';
import { countSubmit } from '../../../observe/telemetry.ts';
import { cancelExternalJob } from '../cancel-job.ts';
import type { SendPlan } from '../decision.ts';
import { describe, spanned } from '../job-context.ts';
import { persist, superseded, type Persisted } from '../persist.ts';
import { fieldsOf, firstSentAt } from '../../../format/record.ts';
import type { OrphanFields, RecordFields, StoredRecord } from '../../../format/record.ts';
import { report } from '../../attempt/report.ts';
import { at, waitUntil, type Run } from '../run.ts';
import { checkedId, find, findEarlier, findSubmitted, type Found } from './search.ts';
import { callSubmit, isKnownKey, isRefusal, keepsKey, tellFailedSubmit, type Refusal } from './submit.ts';

/**
 * One submission, in this order: wait for sends that may be on their way, write ahead, look for the job, submit, record the ID.
 * Every way out leaves either no open submission, or a record of one.
 */

/** The record of a submission that was sent. `found`: the job was there already. */
interface Sent {
  record: StoredRecord;
  found: boolean;
}

/** The record of a send that nobody can tell the outcome of. */
interface Unclear {
  unclear: StoredRecord;
}

/**
 * Sends one submission. `undefined`: the record is not the one that was decided on. `unclear`: it was sent earlier, and no search
 * can tell whether its job exists; nothing was sent now.
 *
 * @param failed - The reason of the last failed submit in this run.
 * @throws {@link StaleAttemptError} {@link StoreUnavailableError} {@link NotSubmittedError} {@link AlreadySubmittedError}, or what
 * `submit` or `find` threw.
 */
export async function send(
  run: Run,
  plan: SendPlan,
  basis: StoredRecord | undefined,
  failed?: string,
): Promise<Sent | Unclear | undefined> {
  const { options, core } = run;
  if (plan.waitUntil !== undefined) await waitUntil(run, plan.waitUntil);
  run.signal.throwIfAborted();
  await at(run, 'G2');
  // Taken before the write is first sent. The record's deadline counts from its arrival, which is later.
  const elapsed = stopwatch(core.clock);
  const reply = await writeAhead(run, plan, basis);
  if (reply.kind === 'changed' || reply.kind === 'gone') return undefined;
  if (reply.kind !== 'ok') return superseded(run, reply);
  const mine = reply.record;

  let seen: Found = 'none';
  let left = 0;
  try {
    // After the write-ahead, so an attempt that supersedes this one either finds the record or stops this.
    await run.items(run.own.scope);
    if (plan.way === 'resend' && mine.updatedAt + options.submitTimeout >= plan.keyedUntil) {
      await withdraw(run, plan, mine);
      return undefined;
    }
    // The store was slow or unavailable, which is no failure of the job.
    if (elapsed() >= options.submitTimeout) throw new StoreUnavailableError(LATE, { ...run.where, store: core.metastore.name });
    if (plan.way === 'search' || (plan.way === 'resend' && options.findable)) seen = await find(run, sought(run, mine));
    // An upper bound of the metastore's time, since the clock was started before the write.
    if (plan.way === 'search' && isUnclear(plan, seen, mine.updatedAt + elapsed())) return { unclear: mine };
    if (typeof seen !== 'object') {
      await at(run, 'G3');
      run.signal.throwIfAborted();
      left = options.submitTimeout - elapsed();
      if (left <= 0) throw new NotSubmittedError('the submit timeout passed before the submit could be sent');
    }
  } catch (error) {
    // Nothing was sent.
    await withdraw(run, plan, mine);
    throw error;
  }
  const record = async (externalId: JsonValue, more: Pick<RecordFields, 'trace'> = {}): Promise<StoredRecord> => {
    await at(run, 'G6');
    const written = await writeSubmitted(run, submittedDraft(mine, externalId, more));
    await at(run, 'G7');
    return written;
  };
  if (typeof seen === 'object') return { record: await record(seen.externalId), found: true };
  return inSpan({ name: 'mooring.submit', attributes: spanned(run, mine) }, async (span) => {
    const { externalId, found } = await submit(run, plan, mine, left, { refused: basis?.refused, failed });
    const { traceparent } = span;
    const written = await record(externalId, traceparent === undefined ? {} : { trace: traceparent });
    span.set(spanned(run, written));
    return { record: written, found };
  });
}

/** A search for a send that no record tells of looks from the creation of the runtime's job on. */
function sought({ attempt }: Run, mine: StoredRecord): StoredRecord {
  return { ...mine, firstSentAt: mine.firstSentAt ?? attempt.createdAt };
}

/** Whether a search told nothing of an earlier send: it cannot know, or the job may have been forgotten before it answered. */
function isUnclear(plan: SendPlan & { way: 'search' }, seen: Found, now: number): boolean {
  // What came before is known, so no earlier send is in question: a person may have answered that.
  if (plan.fields.firstSentAt === undefined || plan.before === 'known') return false;
  return seen === 'unclear' || (seen === 'none' && now >= plan.shownUntil);
}

const LATE = 'it took longer than submitTimeout to write down that the external job is about to be submitted';

/**
 * Records the ID of a job that was found or submitted. The attempt does not end before the ID is recorded, or listed as an
 * orphan.
 */
export async function writeSubmitted(
  run: Run,
  draft: { submission: number; fields: RecordFields & { externalId: JsonValue }; basis: StoredRecord },
): Promise<StoredRecord> {
  const { externalId, idempotencyKey } = draft.fields;
  const fields = { ...draft.fields, ...describe(run, externalId) };
  const reply = await persist(run, { letter: 'e', ...draft, fields }, 'life');
  if (reply.kind !== 'ok') return superseded(run, reply, { externalId, idempotencyKey, submission: draft.submission });
  const told = { ...run.about, externalId, submission: draft.submission, idempotencyKey, ...fields.shown };
  run.life.log.info(told, 'the external ID is recorded');
  report(run, { ...fields, submission: draft.submission }, { state: 'active' });
  return reply.record;
}

/** The `submitted` record for the `submitting` that was sent. Only an earlier send has a time of its own. */
function submittedDraft(
  mine: StoredRecord,
  externalId: JsonValue,
  more: Pick<RecordFields, 'trace'> = {},
): Parameters<typeof writeSubmitted>[1] {
  const fields = { ...fieldsOf(mine), firstSentAt: firstSentAt(mine), externalId, ...more };
  return { submission: mine.submission, fields, basis: mine };
}

/**
 * The write-ahead. If nobody knows whether it was applied, it is withdrawn, so that nothing waits for a send that never happened.
 */
async function writeAhead(run: Run, plan: SendPlan, basis: StoredRecord | undefined): Promise<Persisted> {
  const id = (await run.own.writer()).next();
  const { submission, fields } = plan;
  run.history.note(plan.kind, submission);
  const replaces = replacedBy(plan, basis);
  return persist(run, { letter: 's', submission, fields, basis, id, replaces }, 'lock').catch(async (error: unknown) => {
    if (isMooringError(error) && error.code === 'mooring.outcome-unknown')
      await withdraw(run, plan, { version: writeIdText(id) });
    throw error;
  });
}

/**
 * The external job that still runs for another input. From this write on it is an orphan until it is cancelled, even if this
 * process is killed.
 */
function replacedBy({ cancels }: SendPlan, basis: StoredRecord | undefined): OrphanFields | undefined {
  if (cancels === undefined || !basis) return undefined;
  return { externalId: cancels, idempotencyKey: basis.idempotencyKey, submission: basis.submission };
}

/**
 * Restores what was there before this attempt's write-ahead. Only a submission that this attempt opened is withdrawn: one that it
 * took over has an earlier request that is still unresolved.
 */
async function withdraw(
  run: Run,
  plan: SendPlan,
  basis: Pick<StoredRecord, 'version'>,
  refusal?: { reason: string; times: number; newKey: boolean },
): Promise<void> {
  if (plan.before === 'unresolved' && !refusal?.newKey) return;
  try {
    const submission = plan.submission + (refusal?.newKey ? 1 : 0);
    const refused = refusal && { reason: refusal.reason, times: refusal.newKey ? 0 : refusal.times };
    const { previous } = plan.fields;
    const fields = { previous, ...(plan.before !== 'unknown' && { known: true as const }), ...(refused && { refused }) };
    await persist(run, { letter: 'n', submission, fields, basis, withdraw: true }, 'lock');
  } catch (err) {
    run.life.log.warn({ ...run.about, submission: plan.submission, err }, 'the submission could not be withdrawn');
  }
}

/**
 * Submits, within a time in milliseconds. If the external system says that it knows the key, the job that exists is found. If it
 * refuses a key that may have been sent before, the search is asked: the refusal says nothing of the earlier request.
 */
async function submit(run: Run, plan: SendPlan, mine: StoredRecord, timeout: number, told: Told): Promise<Submitted> {
  let returned: unknown;
  try {
    returned = await callSubmit(run, mine, timeout, (late) => recordLate(run, mine, late));
    countSubmit(run.options.name);
  } catch (error) {
    countSubmit(run.options.name, isKnownKey(error) ? 'already-submitted' : isRefusal(error) ? 'refused' : 'unresolved');
    if (isKnownKey(error)) {
      run.life.log.info({ ...run.about, submission: mine.submission }, 'the external system knows the idempotency key already');
      return { externalId: await findSubmitted(run, mine, error), found: true };
    }
    const reason = tellFailedSubmit(run, mine, error, told.refused?.reason ?? told.failed);
    const times = (told.refused?.times ?? 0) + (keepsKey(error) ? 0 : 1);
    if (isRefusal(error)) return refused(run, plan, mine, { error, reason, times });
    throw error;
  }
  await at(run, 'G5');
  return { externalId: checkedId(run, returned), found: false };
}

/** After a refusal: the job of an earlier request, or nothing was accepted, and the refusal is thrown. */
async function refused(
  run: Run,
  plan: SendPlan,
  mine: StoredRecord,
  { error, reason, times }: { error: Refusal; reason: string; times: number },
): Promise<Submitted> {
  if (plan.fields.firstSentAt === undefined) run.own.sent.delete(run.options.recordName);
  else {
    const externalId = await findEarlier(run, mine);
    if (externalId !== undefined) return { externalId, found: true };
  }
  await withdraw(run, plan, mine, { reason, times, newKey: wantsNewKey(run, plan, error, times) });
  throw error;
}

type Submitted = { externalId: JsonValue; found: boolean };

/** What was said of failed submits before: by the record, and by this run. */
export type Told = { refused: RecordFields['refused']; failed: string | undefined };

/**
 * An answer after `submitTimeout` is all that is known of a job that exists. It is logged, and recorded if that is still
 * possible.
 */
async function recordLate(run: Run, mine: StoredRecord, returned: unknown): Promise<void> {
  const externalId = checkedId(run, returned);
  run.life.log.error({ ...run.about, externalId, submission: mine.submission }, 'the external ID came after submitTimeout');
  await writeSubmitted(run, submittedDraft(mine, externalId));
  const reason = run.life.cancelling();
  const { input } = run;
  if (reason)
    await cancelExternalJob(run.core, run.job, { ...mine, externalId }, { reason, input, log: run.life.log, where: run.about });
}

/**
 * Whether the next submit has another key. The refusal may say so. Otherwise only a key that nobody sent before is replaced, and
 * only once the external system seems to remember it. That happens after the metastore lost its state and began at the first key
 * again.
 */
function wantsNewKey({ options }: Run, { fields: { firstSentAt } }: SendPlan, error: Refusal, times: number): boolean {
  const { newKey, retryAfter } = error as Partial<NotSubmittedError>;
  return newKey ?? (firstSentAt === undefined && options.idempotentFor !== undefined && retryAfter === undefined && times > 1);
}
