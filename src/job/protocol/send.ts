import { bounded } from '../../async/deadline.ts';
import { stopwatch } from '../../async/clock.ts';
import {
  InvalidValueError,
  isMooringError,
  NotSubmittedError,
  OutcomeUnknownError,
  StoreUnavailableError,
  type ConfigError,
} from '../../model/errors/store.ts';
import { writeIdText } from '../../format/write-id.ts';
import { reasonOf } from '../../model/reason.ts';
import type { JsonValue } from '../../model/storable.ts';
import { cancelJob } from './cancel-job.ts';
import type { SendPlan } from './decision.ts';
import { readId } from './external-id.ts';
import { persist, superseded, type Persisted } from './persist.ts';
import { fieldsOf, type OrphanFields, type RecordFields, type StoredRecord } from '../../format/record.ts';
import { at, callFarSide, waitUntil, type Run } from './run.ts';

/**
 * One submission, in this order: wait for what may be on its way, write ahead, look for the job, submit, write the ID down. Every
 * way out leaves either no open submission, or a record of one.
 */

/** `again`: the record is not the one that was decided on. `found`: the job was there already. */
export type Sent = { kind: 'again' } | { kind: 'submitted'; record: StoredRecord; found: boolean };

/** After the write-ahead. `late`: its deadline lies behind the time in which the far side knows the key. */
type Ready = { kind: 'late' } | { kind: 'found'; externalId: JsonValue } | { kind: 'go'; left: number };

/**
 * Sends one submission.
 *
 * @throws {@link StaleAttemptError} {@link StoreUnavailableError} {@link NotSubmittedError}, or what `submit` or `find` threw.
 */
export async function send(run: Run, plan: SendPlan, basis: StoredRecord | undefined): Promise<Sent> {
  const { options, core } = run;
  if (plan.waitUntil !== undefined) await waitUntil(run, plan.waitUntil);
  run.signal.throwIfAborted();
  await at(run, 'G2');
  const fields = plannedFields(run, plan);
  // From before the write is first sent: its deadline counts from when it arrives, which is later.
  const elapsed = stopwatch(core.clock);
  const reply = await writeAhead(run, plan, fields, basis);
  if (reply.kind === 'changed' || reply.kind === 'gone') return { kind: 'again' };
  if (reply.kind !== 'ok') return superseded(run, reply);
  const mine = reply.record;

  const ready = await orWithdraw(run, plan, mine, async (): Promise<Ready> => {
    // After the write-ahead, so that whoever supersedes this attempt either finds the record or stops this.
    await run.items(run.own.scope);
    if (plan.keyedUntil !== undefined && mine.updatedAt + options.submitTimeout >= plan.keyedUntil) return { kind: 'late' };
    // The store was slow, or away: no failure of the job.
    if (elapsed() >= options.submitTimeout) throw new StoreUnavailableError(LATE, { ...run.where, store: core.metastore.name });
    const externalId = plan.find ? await find(run, plan.idempotencyKey) : undefined;
    if (externalId !== undefined) return { kind: 'found', externalId };
    await at(run, 'G3');
    run.signal.throwIfAborted();
    const left = options.submitTimeout - elapsed();
    if (left > 0) return { kind: 'go', left };
    throw new NotSubmittedError('the submit timeout passed before the submit could be sent');
  });
  if (ready.kind === 'late') return { kind: 'again' };

  const externalId = ready.kind === 'found' ? ready.externalId : await submit(run, plan, mine, ready.left, basis?.refused);
  await at(run, 'G6');
  const written = await writeSubmitted(run, submittedDraft(mine, externalId));
  await at(run, 'G7');
  return { kind: 'submitted', record: written, found: ready.kind === 'found' };
}

const LATE = 'it took longer than submitTimeout to write down that the external job is about to be submitted';

/** Writes the ID of a job that was found or submitted. The attempt does not end before it is written, or listed as an orphan. */
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

/** What `submitted` says, over the very `submitting` that was sent. Only a send that came before this one has a time of its own. */
function submittedDraft(mine: StoredRecord, externalId: JsonValue): Parameters<typeof writeSubmitted>[1] {
  const fields = { ...fieldsOf(mine), firstSentAt: mine.firstSentAt ?? mine.updatedAt, externalId };
  return { submission: mine.submission, fields, basis: mine };
}

function plannedFields({ options, attempt }: Run, plan: SendPlan): RecordFields {
  return {
    ...(options.name !== undefined && { name: options.name }),
    job: attempt.job,
    idempotencyKey: plan.idempotencyKey,
    ...(plan.fingerprint !== undefined && { fingerprint: plan.fingerprint }),
    ...(plan.firstSentAt !== undefined && { firstSentAt: plan.firstSentAt }),
    submitTimeout: options.submitTimeout,
    findLag: options.findLag,
    previous: plan.previous,
  };
}

/** The write-ahead. Where nobody knows whether it was applied, it is taken back, so that nothing waits for a send that never was. */
async function writeAhead(run: Run, plan: SendPlan, fields: RecordFields, basis: StoredRecord | undefined): Promise<Persisted> {
  const id = (await run.own.writer()).next();
  try {
    const replaces = replacedBy(plan, basis);
    return await persist(run, { letter: 's', submission: plan.submission, fields, basis, id, replaces }, 'lock');
  } catch (error) {
    if (isMooringError(error) && error.code === 'mooring.outcome-unknown')
      await withdraw(run, plan, { version: writeIdText(id) });
    throw error;
  }
}

/** The external job that still runs for another input: from this write on it is an orphan, whatever is killed, until it was cancelled. */
function replacedBy({ cancels }: SendPlan, basis: StoredRecord | undefined): OrphanFields | undefined {
  if (cancels === undefined || !basis) return undefined;
  return { externalId: cancels, idempotencyKey: basis.idempotencyKey, submission: basis.submission };
}

/** Runs what comes between write-ahead and submit. Where that does not go on to the submit, nothing was sent. */
async function orWithdraw(run: Run, plan: SendPlan, mine: StoredRecord, work: () => Promise<Ready>): Promise<Ready> {
  try {
    const ready = await work();
    if (ready.kind === 'late') await withdraw(run, plan, mine);
    return ready;
  } catch (error) {
    await withdraw(run, plan, mine);
    throw error;
  }
}

/**
 * Restores what was there before this attempt's write-ahead. Only a submission that it opened can become none again: one that it
 * took over has a request of its own that is still unresolved.
 */
async function withdraw(
  run: Run,
  plan: SendPlan,
  basis: Pick<StoredRecord, 'version'>,
  refusal?: { reason: string; times: number; newKey: boolean },
): Promise<void> {
  if (!plan.opened && !refusal?.newKey) return;
  try {
    const { previous, known } = plan;
    const { reason, times, newKey } = refusal ?? {};
    const submission = plan.submission + (newKey ? 1 : 0);
    const refused = reason === undefined ? undefined : { reason, times: newKey ? 0 : (times ?? 1) };
    const fields = { previous, ...(known && { known }), ...(refused && { refused }) };
    await persist(run, { letter: 'n', submission, fields, basis, withdraw: true }, 'lock');
  } catch (err) {
    run.life.log.warn({ ...run.about, submission: plan.submission, err }, 'the submission could not be withdrawn');
  }
}

/**
 * Looks for the job that was submitted with a key.
 *
 * @throws what `find` threw, or {@link OutcomeUnknownError} when it gave no answer.
 */
export async function find(run: Run, idempotencyKey: string): Promise<JsonValue | undefined> {
  const outcome = await callFarSide(run, async (signal) => run.job.find?.(idempotencyKey, { signal, input: run.input }));
  if (outcome.ended === 'aborted') throw outcome.reason;
  if (outcome.ended === 'deadline') {
    throw new OutcomeUnknownError('no-answer', `find gave no answer within ${run.options.callTimeout} ms`, run.where);
  }
  return outcome.value === undefined || outcome.value === null ? undefined : checkedId(run, outcome.value);
}

async function submit(
  run: Run,
  plan: SendPlan,
  mine: StoredRecord,
  timeout: number,
  before: RecordFields['refused'],
): Promise<JsonValue> {
  const { idempotencyKey, submission } = plan;
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
    const reason = tellFailedSubmit(run, plan, error, before?.reason);
    const times = (before?.times ?? 0) + 1;
    if (isRefusal(error)) await withdraw(run, plan, mine, { reason, times, newKey: wantsNewKey(run, plan, error, times) });
    throw error;
  });
  if (outcome.ended !== 'value') {
    const error = new OutcomeUnknownError('no-answer', `submit gave no answer within ${Math.round(timeout)} ms`, run.where);
    tellFailedSubmit(run, plan, error, undefined);
    void reply?.then((id) => recordLate(run, mine, id)).catch(() => undefined);
    throw error;
  }
  await at(run, 'G5');
  return checkedId(run, outcome.value);
}

/** An answer that came after `submitTimeout` is all that is known of a job that exists: it is told, and written down if it still can be. */
async function recordLate(run: Run, mine: StoredRecord, returned: unknown): Promise<void> {
  const externalId = checkedId(run, returned);
  run.life.log.error({ ...run.about, externalId, submission: mine.submission }, 'the external ID came after submitTimeout');
  await writeSubmitted(run, submittedDraft(mine, externalId));
  const reason = run.life.cancelling();
  if (reason) await cancelJob(run.core, run.job, externalId, { reason, log: run.life.log, where: run.about });
}

type Refusal = NotSubmittedError | ConfigError;

/** Also if only the making of that error failed: an invalid option of it leaves it as certain that nothing was accepted. */
function isRefusal(error: unknown): error is Refusal {
  if (!isMooringError(error)) return false;
  if (error.code === 'mooring.config') return error.option === 'retryAfter' || error.option === 'newKey';
  return error.code === 'mooring.not-submitted';
}

/**
 * Whether the next submit has another key. If the refusal does not say it, only for a key that nobody has sent before, of which it is certain
 * that nothing was accepted, and no sooner than the external system seems to remember it: a metastore that lost its state begins at the
 * first key again.
 */
function wantsNewKey({ options }: Run, { firstSentAt }: SendPlan, error: Refusal, times: number): boolean {
  const { newKey, retryAfter } = error as Partial<NotSubmittedError>;
  return newKey ?? (firstSentAt === undefined && options.idempotentFor !== undefined && retryAfter === undefined && times > 1);
}

/** A submit that failed is never told as one that succeeded; and a reason that is told already, no second time. Returns the reason. */
function tellFailedSubmit(
  run: Run,
  { submission, idempotencyKey }: SendPlan,
  error: unknown,
  before: string | undefined,
): string {
  const reason = reasonOf(error);
  const decision = isRefusal(error) ? 'refused' : 'unresolved';
  run.tell(decision, submission);
  const text = decision === 'refused' ? 'the submit was refused' : 'the submit failed, and nobody knows whether the job exists';
  run.life.log[reason === before ? 'debug' : 'warn']({ ...run.about, decision, submission, idempotencyKey, reason }, text);
  return reason;
}

/** What `submit` or `find` returned, as it will be read back. What is no ID is all that is known of a job: it is told. */
function checkedId(run: Run, returned: unknown): JsonValue {
  const read = readId(returned);
  if ('id' in read) return read.id;
  run.life.log.error({ ...run.about, problem: read.problem }, 'the external ID cannot be written down');
  throw new InvalidValueError('the external ID', `${read.problem}; it must be JSON that getStatus can ask for`, run.where);
}
