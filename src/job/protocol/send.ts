import { bounded } from '../../async/deadline.ts';
import { stopwatch } from '../../async/clock.ts';
import { InvalidValueError, isMooringError, NotSubmittedError, OutcomeUnknownError } from '../../model/errors/store.ts';
import { StoreUnavailableError } from '../../model/errors/store.ts';
import type { ConfigError } from '../../model/errors/store.ts';
import { writeIdText } from '../../format/write-id.ts';
import { reasonOf } from '../../model/reason.ts';
import type { JsonValue } from '../../model/storable.ts';
import { cancelExternalJob } from './cancel-job.ts';
import type { SendPlan } from './decision.ts';
import { readId } from './external-id.ts';
import { persist, superseded, type Persisted } from './persist.ts';
import { fieldsOf, type OrphanFields, type RecordFields, type StoredRecord } from '../../format/record.ts';
import { at, callSystem, waitUntil, type Run } from './run.ts';

/**
 * One submission, in this order: wait for sends that may be on their way, write ahead, look for the job, submit, record the ID.
 * Every way out leaves either no open submission, or a record of one.
 */

/** The record of a submission that was sent. `found`: the job was there already. */
interface Sent {
  record: StoredRecord;
  found: boolean;
}

/**
 * Sends one submission; `undefined` if the record is not the one that was decided on.
 *
 * @throws {@link StaleAttemptError} {@link StoreUnavailableError} {@link NotSubmittedError}, or what `submit` or `find` threw.
 */
export async function send(run: Run, plan: SendPlan, basis: StoredRecord | undefined): Promise<Sent | undefined> {
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

  let externalId: JsonValue | undefined;
  let left = 0;
  try {
    // After the write-ahead, so that whoever supersedes this attempt either finds the record or stops this.
    await run.items(run.own.scope);
    if (plan.way === 'resend' && mine.updatedAt + options.submitTimeout >= plan.keyedUntil) {
      await withdraw(run, plan, mine);
      return undefined;
    }
    // The store was slow or unavailable, which is no failure of the job.
    if (elapsed() >= options.submitTimeout) throw new StoreUnavailableError(LATE, { ...run.where, store: core.metastore.name });
    if (plan.way === 'search') externalId = await find(run, mine.idempotencyKey);
    if (externalId === undefined) {
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
  const found = externalId !== undefined;
  externalId ??= await submit(run, plan, mine, left, basis?.refused);
  await at(run, 'G6');
  const record = await writeSubmitted(run, submittedDraft(mine, externalId));
  await at(run, 'G7');
  return { record, found };
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
  const reply = await persist(run, { letter: 'e', ...draft }, 'life');
  if (reply.kind !== 'ok') return superseded(run, reply, { externalId, idempotencyKey, submission: draft.submission });
  run.life.log.info({ ...run.about, externalId, submission: draft.submission, idempotencyKey }, 'the external ID is recorded');
  return reply.record;
}

/** The `submitted` record for the `submitting` that was sent. Only an earlier send has a time of its own. */
function submittedDraft(mine: StoredRecord, externalId: JsonValue): Parameters<typeof writeSubmitted>[1] {
  const fields = { ...fieldsOf(mine), firstSentAt: mine.firstSentAt ?? mine.updatedAt, externalId };
  return { submission: mine.submission, fields, basis: mine };
}

/**
 * The write-ahead. If nobody knows whether it was applied, it is withdrawn, so that nothing waits for a send that never happened.
 */
async function writeAhead(run: Run, plan: SendPlan, basis: StoredRecord | undefined): Promise<Persisted> {
  const id = (await run.own.writer()).next();
  const { submission, fields } = plan;
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
 * Looks for the job that was submitted with a key.
 *
 * @throws what `find` threw, or {@link OutcomeUnknownError} if it gave no answer.
 */
export async function find(run: Run, idempotencyKey: string): Promise<JsonValue | undefined> {
  const late = (text: string): Error => new OutcomeUnknownError('no-answer', `find gave ${text}`, run.where);
  const id = await callSystem(run, async (signal) => run.job.find?.(idempotencyKey, { signal, input: run.input }), late);
  return id === undefined || id === null ? undefined : checkedId(run, id);
}

/** `refused`: what the record said of this submission before the send. */
async function submit(run: Run, plan: SendPlan, mine: StoredRecord, timeout: number, refused: Refused): Promise<JsonValue> {
  const { idempotencyKey, submission } = mine;
  const callbackToken = run.attempt.callbackToken ?? run.own.address.path;
  let reply: Promise<unknown> | undefined;
  const request = async (signal: AbortSignal): Promise<unknown> => {
    reply = Promise.resolve(run.job.submit(run.input, { idempotencyKey, submission, callbackToken, signal }));
    if (!run.core.crashPoint) return reply;
    reply.catch(() => undefined);
    await at(run, 'G4');
    return reply;
  };
  run.life.log.debug({ ...run.about, submission, idempotencyKey }, 'submitting');
  run.own.sent.add(run.options.recordName);
  const outcome = await bounded(run.core.timer, timeout, undefined, request).catch(async (error: unknown) => {
    if (isRefusal(error)) run.own.sent.delete(run.options.recordName);
    const reason = tellFailedSubmit(run, mine, error, refused?.reason);
    const times = (refused?.times ?? 0) + (keepsKey(error) ? 0 : 1);
    if (isRefusal(error)) await withdraw(run, plan, mine, { reason, times, newKey: wantsNewKey(run, plan, error, times) });
    throw error;
  });
  if (outcome.ended !== 'value') {
    const error = new OutcomeUnknownError('no-answer', `submit gave no answer within ${Math.round(timeout)} ms`, run.where);
    tellFailedSubmit(run, mine, error, undefined);
    void reply?.then((id) => recordLate(run, mine, id)).catch(() => undefined);
    throw error;
  }
  await at(run, 'G5');
  return checkedId(run, outcome.value);
}

/**
 * An answer after `submitTimeout` is all that is known of a job that exists. It is logged, and recorded if that is still
 * possible.
 */
async function recordLate(run: Run, mine: StoredRecord, returned: unknown): Promise<void> {
  const externalId = checkedId(run, returned);
  run.life.log.error({ ...run.about, externalId, submission: mine.submission }, 'the external ID came after submitTimeout');
  await writeSubmitted(run, submittedDraft(mine, externalId));
  const reason = run.life.cancelling();
  if (reason) await cancelExternalJob(run.core, run.job, externalId, { reason, log: run.life.log, where: run.about });
}

type Refusal = NotSubmittedError | ConfigError;
type Refused = RecordFields['refused'];

/** Whether certainly nothing was accepted. Making a `NotSubmittedError` with an invalid option says so too. */
function isRefusal(error: unknown): error is Refusal {
  if (!isMooringError(error)) return false;
  if (error.code === 'mooring.config') return error.option === 'retryAfter' || error.option === 'newKey';
  return error.code === 'mooring.not-submitted';
}

/** A refusal that keeps its key is none by that key, and does not count: the external system may not even have seen it. */
function keepsKey(error: unknown): boolean {
  return isRefusal(error) && (error as Partial<NotSubmittedError>).newKey === false;
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

/** Ensures that a failed submit is never reported as a success, and that no reason is reported twice. Returns the reason. */
function tellFailedSubmit(run: Run, mine: StoredRecord, error: unknown, before: string | undefined): string {
  const { submission, idempotencyKey } = mine;
  const reason = reasonOf(error);
  const decision = isRefusal(error) ? 'refused' : 'unresolved';
  run.tell(decision, submission);
  const text = decision === 'refused' ? 'the submit was refused' : 'the submit failed, and nobody knows whether the job exists';
  run.life.log[reason === before ? 'debug' : 'warn']({ ...run.about, decision, submission, idempotencyKey, reason }, text);
  return reason;
}

/**
 * The ID that `submit` or `find` returned, as it will be read back. An invalid one is logged, since it is all that is known of a
 * job.
 */
function checkedId(run: Run, returned: unknown): JsonValue {
  const read = readId(returned);
  if ('id' in read) return read.id;
  run.life.log.error({ ...run.about, problem: read.problem }, 'the external ID cannot be written down');
  throw new InvalidValueError('the external ID', `${read.problem}; it must be JSON that getStatus can ask for`, run.where);
}
