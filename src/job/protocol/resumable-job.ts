import { fieldsOf, firstSentAt, idDigest, type HeldRecord, type StoredRecord } from '../../format/record.ts';
import { recordAddress } from '../../format/path.ts';
import { milliseconds } from '../../model/duration.ts';
import { AmbiguousSubmitError, ConfigError, ExternalJobFailedError } from '../../model/errors/store.ts';
import { ExternalJobMissingError, InputChangedError, isMooringError } from '../../model/errors/store.ts';
import type { DecisionKind } from '../../observe/events.ts';
import { inSpan, type SpanOptions } from '../../observe/spans.ts';
import type { JsonValue } from '../../model/storable.ts';
import type { Snapshot } from '../attempt/owned-scope.ts';
import type { Decision } from '../task-context.ts';
import { cancelExternalJob } from './cancel-job.ts';
import { afterInputChange, decide, described, inputChanged, type SendPlan, type Step, type Unresolved } from './decision.ts';
import { finishFailed, finishSucceeded, recordedResult } from './finish.ts';
import { persist, superseded } from './persist.ts';
import { ask, waitForEnd, withGrace } from './poll.ts';
import { cancelOverdue, gaveUpReason } from './overdue.ts';
import { repeat, type Repeating } from './sending/repeat.ts';
import { askOnce } from './status-call.ts';
import { spanned, type AboutSubmission } from './job-context.ts';
import { at, factsOf, pauseSubmit, waitUntil, type Run } from './run.ts';
import { find } from './sending/search.ts';
import { send, writeSubmitted } from './sending/send.ts';

/**
 * The protocol of `docs/design.md`, from the record to the result: read, decide, do that one step, and decide again from the new
 * record. Nothing is ever cleared inside an attempt.
 */

/** How far a run goes: to the result, or until the record holds an ID. */
export type Goal = 'result' | 'id';

/** The outcome of a run. */
export interface Reached {
  externalId: JsonValue;
  result: unknown;
}

/** What a run knows between two steps: the record, and what the run did to get here. `undefined`: it reconnected. */
interface Position {
  seen: Snapshot;
  kind?: DecisionKind;
  /** Failed submits of this run that are repeated. */
  repeating?: Repeating | undefined;
  /** The job of another input. It is cancelled once its successor is sent, also if that failed at first. */
  replaces?: (AboutSubmission & { externalId: JsonValue }) | undefined;
}

/** Runs an external job up to its goal. */
export async function runJob(run: Run, goal: Goal): Promise<Reached> {
  let position = await start(run);
  for (;;) {
    const outcome = await take(run, goal, position, decide(position.seen.record, run.options, factsOf(run, position.seen)));
    if ('result' in outcome) return outcome;
    position = outcome;
  }
}

/** Reads the record, and refuses one that a job of another name made. */
async function start(run: Run): Promise<Position> {
  run.signal.throwIfAborted();
  const seen = await run.own.read(run.options.recordName);
  run.history.load(seen.record);
  const { name } = run.options;
  const made = seen.record?.name;
  if (name !== undefined && made !== undefined && made !== name) {
    const rule = `must be the one that made this record, which is ${JSON.stringify(made)}: give each external job of a task an externalIdKey of its own`;
    throw new ConfigError('name', rule, name);
  }
  run.signal.throwIfAborted();
  return { seen };
}

async function take(run: Run, goal: Goal, position: Position, step: Step): Promise<Reached | Position> {
  switch (step.do) {
    case 'send':
      return sendStep(run, position, step);
    case 'look':
      return look(run, goal, position, step.record);
    case 'resolve': {
      const held = await resolve(run, step.record, step.waitUntil);
      if (held) return { ...position, seen: { ...position.seen, record: held } };
      return take(run, goal, position, afterInputChange(step.record, run.options, factsOf(run, position.seen)));
    }
    case 'give-up':
      return giveUp(run, position, step);
    default:
      return conclude(run, goal, position, step);
  }
}

/** The decision from the record alone. */
async function conclude(run: Run, goal: Goal, { seen }: Position, step: Conclusion): Promise<Reached> {
  const { record } = step;
  const { externalId = null } = record;
  run.announce(step.kind, record.submission, step.do === 'return' ? record : undefined);
  switch (step.do) {
    case 'return':
      return { externalId, result: goal === 'id' ? undefined : await recordedResult(run, step.record, seen.result) };
    case 'fail':
      throw failure(run, step.record);
    case 'ambiguous':
      throw ambiguous(run, record, record.firstSentAt ?? record.updatedAt);
    case 'input-changed':
      run.life.log.warn({ ...run.about, externalId }, 'the input changed');
      throw new InputChangedError(externalId, run.where);
  }
}

type Conclusion = Extract<Step, { do: 'return' | 'fail' | 'ambiguous' | 'input-changed' }>;

async function sendStep(run: Run, position: Position, plan: SendPlan): Promise<Position> {
  const { seen, repeating } = position;
  const { record } = seen;
  const replaces = plan.cancels !== undefined && record ? { ...record, externalId: plan.cancels } : position.replaces;
  // The record was lost, or rolled back, since this attempt sent. The attempt must not open a second submission.
  if (record?.letter === 'f' && run.own.sent.has(run.options.recordName)) throw failure(run, record);
  if (record && inputChanged(record, run)) {
    const { submission } = plan;
    run.life.log.warn({ ...run.about, externalId: record.externalId ?? null, submission }, 'the input changed: next submission');
  }
  let again = repeating;
  const sent = await send(run, plan, record, repeating?.reason).catch(async (error: unknown) => {
    const after = askedToWait(error);
    again = after === undefined ? repeat(run, error, repeating) : undefined;
    if (after !== undefined) return pauseSubmit(run, after);
    if (!again) throw error;
    // Never released: the time for repetitions would begin anew.
    return run.waiting.pause(again.after, undefined, run.signal);
  });
  if (!sent) return { ...(again ? await repeated(run, again) : await start(run)), replaces };
  if ('unclear' in sent) return giveUp(run, { seen: { ...seen, record: sent.unclear } }, unclear(run, sent.unclear));
  if (replaces) await cancelReplaced(run, replaces);
  return { seen: { ...seen, record: sent.record, result: undefined }, kind: sent.found ? 'reconnected' : plan.kind };
}

/** Where a submit is repeated. If it cannot be sent again at once, such as after a wait for a search, its failure ends the attempt. */
async function repeated(run: Run, repeating: Repeating): Promise<Position> {
  const position = await start(run);
  const step = decide(position.seen.record, run.options, factsOf(run, position.seen));
  if (step.do === 'give-up' || (step.do === 'send' && step.waitUntil !== undefined)) throw repeating.error;
  return { ...position, repeating };
}

/** Cancels the job that this submission replaced. It stays listed as an orphan unless that succeeds. */
async function cancelReplaced(run: Run, replaced: AboutSubmission & { externalId: JsonValue }): Promise<void> {
  const { core, own, options, life, about } = run;
  const { externalId } = replaced;
  const end = await cancelExternalJob(core, run.job, replaced, { reason: 'input-changed', log: life.log, where: about });
  if (typeof end === 'object') return;
  const orphan = { name: options.recordName, idDigest: idDigest(externalId) };
  await core
    .track(() => core.metastore.orphans.forget(own.address, orphan, {}))
    .catch((err: unknown) => {
      life.log.warn({ ...about, externalId, err }, 'the external job was cancelled, and is still listed as an orphan');
    });
}

/** How long to wait, in milliseconds, by what the external system said when it refused a submit. */
function askedToWait(error: unknown): number | undefined {
  if (!isMooringError(error) || error.code !== 'mooring.not-submitted' || !error.retryable) return undefined;
  return error.retryAfter === undefined ? undefined : milliseconds(error.retryAfter, 'retryAfter');
}

/** Polls the recorded job until its end, and records that end. If it records a failure, it throws it. */
async function look(run: Run, goal: Goal, { kind }: Position, held: HeldRecord): Promise<Reached | Position> {
  const { externalId, submission } = held;
  const reached = { externalId, result: undefined };
  const did = kind ?? 'reconnected';
  run.signal.throwIfAborted();
  // A job that this attempt has just submitted is waited for; any other is polled first.
  if (did === 'submitted' || did === 'resubmitted') {
    run.announce(did, submission);
    if (goal === 'id') return reached;
  }
  await at(run, 'G8');
  const found = kind === undefined ? held : undefined;
  const waited = await inSpan(waitSpan(run, kind, held), async (span) => {
    const seen = await ask(run, held);
    if (seen.status.state === 'active') {
      run.announce(did, submission, found);
      if (goal === 'id') return undefined;
    }
    const end = await waitForEnd(run, seen);
    const over = 'overdue' in end ? await cancelOverdue(run, end.overdue) : end;
    span.set({ 'mooring.job.state': over.status.state });
    return { ...over, atOnce: seen.status === over.status };
  });
  if (!waited) return reached;
  const { status, record, atOnce } = waited;
  const finishes = { name: 'mooring.finish', attributes: spanned(run, record) } as const;
  if (status.state === 'succeeded') {
    run.announce(kind === undefined && atOnce ? 'already-succeeded' : did, submission, found);
    const finished = goal === 'id' ? reached : await inSpan(finishes, () => finishSucceeded(run, record));
    return finished ? { externalId, result: finished.result } : start(run);
  }
  if (status.state === 'failed') {
    run.announce(did, submission);
    const why = record.gaveUp ? { reason: gaveUpReason(run), retryable: true } : status;
    await inSpan(finishes, () => finishFailed(run, record, why, (failed) => failure(run, failed)));
    return start(run);
  }
  if (record.gaveUp) {
    await inSpan(finishes, () => finishFailed(run, record, { reason: gaveUpReason(run) }, (failed) => failure(run, failed)));
    return start(run);
  }
  run.announce('missing', submission);
  const mayResubmit = run.options.onMissing === 'resubmit';
  const error = new ExternalJobMissingError(externalId, mayResubmit, run.where, mayHaveEnded(run));
  if (!mayResubmit) throw error;
  await finishFailed(run, record, { reason: 'the external system does not know it' }, () => error);
  return start(run);
}

/** The span of a wait. One that continues the wait of an earlier attempt links to the span that submitted the job. */
function waitSpan(run: Run, kind: DecisionKind | undefined, held: HeldRecord): SpanOptions {
  return {
    name: 'mooring.wait',
    attributes: { ...spanned(run, held), 'mooring.wait.mode': run.wait.mode },
    link: kind === undefined ? held.trace : undefined,
    // The attempt was handed back, or its task was cancelled or lost: the job goes on without a fault of anybody.
    forgives: () => run.signal.aborted,
  };
}

function mayHaveEnded({ options: { remembersFor } }: Run): string {
  if (remembersFor === Number.POSITIVE_INFINITY) return '';
  return `: it deletes jobs ${remembersFor} ms after their end, so this one may have ended, and its outcome is unknown`;
}

/** The input changed while the send of the old input is unresolved. What `find` shows of that job decides. */
async function resolve(run: Run, record: StoredRecord, time: number): Promise<StoredRecord | undefined> {
  await waitUntil(run, time);
  run.signal.throwIfAborted();
  const found = await find(run, record);
  if (typeof found !== 'object') return undefined;
  const fields = { ...fieldsOf(record), firstSentAt: firstSentAt(record), ...found };
  return writeSubmitted(run, { submission: record.submission, fields, basis: record });
}

/** A search could not tell the outcome of an earlier send. No request is on its way any more. */
function unclear(run: Run, record: StoredRecord): Unresolved {
  const fields = { ...fieldsOf(record), firstSentAt: firstSentAt(record) };
  const why = 'the external system cannot tell by the key whether it has the job';
  return { submission: record.submission, fields, waitUntil: undefined, settledAt: run.own.now(), why };
}

/** Nothing can tell the outcome of a send. That is recorded, so that operators find exactly the records that wait for them. */
async function giveUp(run: Run, { seen }: Position, lost: Unresolved): Promise<Position> {
  if (lost.waitUntil !== undefined) await waitUntil(run, lost.waitUntil);
  run.signal.throwIfAborted();
  const { submission, why } = lost;
  // No answer is accepted before: a request may be on its way until then.
  const fields = { ...lost.fields, submitTimeout: Math.max(0, lost.settledAt - run.own.now()), findLag: 0 };
  // It is written only if the record is still the one that was waited for.
  const reply = await persist(run, { letter: 'a', submission, fields, basis: seen.record }, 'lock');
  if (reply.kind === 'changed') return start(run);
  if (reply.kind !== 'ok') return superseded(run, reply);
  run.announce('ambiguous', submission);
  throw ambiguous(run, reply.record, fields.firstSentAt, why);
}

function failure({ where }: Run, { externalId, submission, reason = '', retryable = true }: HeldRecord): ExternalJobFailedError {
  return new ExternalJobFailedError({ externalId, submission, reason, retryable }, where);
}

function ambiguous(run: Run, { idempotencyKey, submission }: StoredRecord, since: number, why?: string): AmbiguousSubmitError {
  return new AmbiguousSubmitError(
    { idempotencyKey, submission, since: new Date(since), why, address: recordAddress(run.where) },
    run.where,
  );
}

const FOUND = {
  active: 'reconnected',
  unknown: 'reconnected',
  succeeded: 'already-succeeded',
  failed: 'already-failed',
  missing: 'missing',
} as const;

async function foundKind(run: Run, record: HeldRecord): Promise<DecisionKind> {
  const { status } = await askOnce(run, record);
  return FOUND[status.state === 'unknown' ? status.state : withGrace(run, record, status).state];
}

/** What `runJob()` would do now. Polls the external system once if the record holds an ID. Writes nothing. */
export async function decideJob(run: Run): Promise<Decision<JsonValue>> {
  const { seen } = await start(run);
  const step = decide(seen.record, run.options, factsOf(run, seen));
  const kind = step.do === 'look' ? await foundKind(run, step.record) : step.kind;
  run.tell(kind, described(step).submission);
  return { ...described(step), kind };
}
