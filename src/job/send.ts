import { bounded } from '../call.ts';
import { stopwatch } from '../clock.ts';
import { InvalidValueError, isMooringError, NotSubmittedError, OutcomeUnknownError } from '../errors.ts';
import { writeIdText } from '../fence.ts';
import type { JsonValue } from '../value.ts';
import type { SendPlan } from './decision.ts';
import { readId } from './external-id.ts';
import { holdJob } from './hold.ts';
import { persist, superseded, type Persisted } from './persist.ts';
import type { RecordFields, StoredRecord } from './record.ts';
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
 * @throws {@link StaleAttemptError} {@link NotSubmittedError}, or what `submit` or `find` threw.
 */
export async function send(run: Run, plan: SendPlan, basis: StoredRecord | undefined): Promise<Sent> {
  const { options, core } = run;
  if (plan.waitUntil !== undefined) await waitUntil(run, plan.waitUntil);
  run.signal.throwIfAborted();
  await at(run, 'G2');
  const { submission } = plan;
  const fields = plannedFields(run, plan);
  // From before the write is first sent: its deadline counts from when it arrives, which is later.
  const elapsed = stopwatch(core.clock);
  const reply = await writeAhead(run, plan, fields, basis);
  if (reply.kind === 'changed' || reply.kind === 'gone') return { kind: 'again' };
  if (reply.kind !== 'ok') return superseded(run);
  const mine = reply.record;

  const ready = await orWithdraw(run, plan, mine, async (): Promise<Ready> => {
    if (plan.keyedUntil !== undefined && mine.updatedAt + options.submitTimeout >= plan.keyedUntil) return { kind: 'late' };
    const externalId = plan.find ? await find(run, plan.idempotencyKey) : undefined;
    if (externalId !== undefined) return { kind: 'found', externalId };
    await at(run, 'G3');
    run.signal.throwIfAborted();
    const left = options.submitTimeout - elapsed();
    if (left > 0) return { kind: 'go', left };
    throw new NotSubmittedError('the submit timeout passed before the submit could be sent');
  });
  if (ready.kind === 'late') return { kind: 'again' };

  const externalId = ready.kind === 'found' ? ready.externalId : await submit(run, plan, mine, ready.left);
  await at(run, 'G6');
  const written = await writeSubmitted(run, {
    submission,
    fields: { ...fields, firstSentAt: firstSentAt(mine), externalId },
    basis: mine,
  });
  await at(run, 'G7');
  return { kind: 'submitted', record: written, found: ready.kind === 'found' };
}

/** Writes the ID of a job that was found or submitted. The attempt does not end before it is written, or listed as an orphan. */
export async function writeSubmitted(
  run: Run,
  draft: { submission: number; fields: RecordFields & { externalId: JsonValue }; basis: StoredRecord },
): Promise<StoredRecord> {
  const { externalId, idempotencyKey } = draft.fields;
  const reply = await persist(run, { letter: 'e', ...draft }, 'life');
  if (reply.kind !== 'ok') return superseded(run, { externalId, idempotencyKey, submission: draft.submission });
  run.life.log.info({ ...run.where, externalId, submission: draft.submission, idempotencyKey }, 'the external ID is recorded');
  holdJob(run, externalId);
  return reply.record;
}

function plannedFields({ options }: Run, plan: SendPlan): RecordFields {
  return {
    idempotencyKey: plan.idempotencyKey,
    ...(plan.fingerprint !== undefined && { fingerprint: plan.fingerprint }),
    ...(plan.firstSentAt !== undefined && { firstSentAt: plan.firstSentAt }),
    submitTimeout: options.submitTimeout,
    findLag: options.findLag,
    previous: plan.previous,
  };
}

/** Only a send that came before this one is written down: the time of this one is the time of the record. */
function firstSentAt(record: StoredRecord): number {
  return record.firstSentAt ?? record.updatedAt;
}

/** The write-ahead. Where nobody knows whether it was applied, it is taken back, so that nothing waits for a send that never was. */
async function writeAhead(run: Run, plan: SendPlan, fields: RecordFields, basis: StoredRecord | undefined): Promise<Persisted> {
  const id = (await run.own.writer()).next();
  try {
    return await persist(run, { letter: 's', submission: plan.submission, fields, basis, id }, 'few');
  } catch (error) {
    if (isMooringError(error) && error.code === 'mooring.outcome-unknown')
      await withdraw(run, plan, { version: writeIdText(id) });
    throw error;
  }
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
async function withdraw(run: Run, plan: SendPlan, basis: Pick<StoredRecord, 'version'>): Promise<void> {
  if (!plan.opened) return;
  try {
    const { submission, previous, known } = plan;
    const fields = { previous, ...(known && { known }) };
    await persist(run, { letter: 'n', submission, fields, basis, withdraw: true }, 'few');
  } catch (err) {
    run.life.log.warn({ ...run.where, submission: plan.submission, err }, 'the submission could not be withdrawn');
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

async function submit(run: Run, plan: SendPlan, mine: StoredRecord, timeout: number): Promise<JsonValue> {
  const { idempotencyKey, submission } = plan;
  const callbackToken = run.attempt.callbackToken ?? run.own.address.path;
  const request = async (signal: AbortSignal): Promise<unknown> => {
    const reply = Promise.resolve(run.job.submit(run.input, { idempotencyKey, submission, callbackToken, signal }));
    if (!run.core.crashPoint) return reply;
    reply.catch(() => undefined);
    await at(run, 'G4');
    return reply;
  };
  run.life.log.info({ ...run.where, submission, idempotencyKey }, 'submitting');
  const outcome = await bounded(run.core.timer, timeout, undefined, request).catch(async (error: unknown) => {
    if (saysNotSubmitted(error)) await withdraw(run, plan, mine);
    throw error;
  });
  if (outcome.ended !== 'value') {
    throw new OutcomeUnknownError('no-answer', `submit gave no answer within ${Math.round(timeout)} ms`, run.where);
  }
  await at(run, 'G5');
  return checkedId(run, outcome.value);
}

/** Also where only the making of that error failed: a bad `retryAfter` leaves it as certain that nothing was accepted. */
function saysNotSubmitted(error: unknown): boolean {
  if (!isMooringError(error)) return false;
  return error.code === 'mooring.not-submitted' || (error.code === 'mooring.config' && error.option === 'retryAfter');
}

/** What `submit` or `find` returned, as it will be read back. What is no ID is all that is known of a job: it is told. */
function checkedId(run: Run, returned: unknown): JsonValue {
  const read = readId(returned);
  if ('id' in read) return read.id;
  run.life.log.error({ ...run.where, problem: read.problem }, 'the external ID cannot be written down');
  throw new InvalidValueError('the external ID', `${read.problem}; it must be JSON that getStatus can ask for`, run.where);
}
