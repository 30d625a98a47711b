import {
  AmbiguousSubmitError,
  ExternalJobFailedError,
  ExternalJobMissingError,
  ExternalJobUnknownError,
  InputChangedError,
  isMooringError,
} from '../errors.ts';
import type { DecisionKind } from '../events.ts';
import { milliseconds } from '../duration.ts';
import type { JsonValue } from '../value.ts';
import { afterInputChange, decide, inputChanged, judge, nextSubmission, type Step, type Unresolved } from './decision.ts';
import { finishFailed, finishSucceeded, recordedResult } from './finish.ts';
import { cancelJob, holdJob, letGoOf } from './hold.ts';
import type { Snapshot } from './owned-scope.ts';
import { persist, superseded } from './persist.ts';
import { ask, waitForEnd, type KnownStatus } from './poll.ts';
import { fieldsOf, type RecordFields, type StoredRecord } from './record.ts';
import { at, factsOf, waitUntil, type Run } from './run.ts';
import { find, send, writeSubmitted } from './send.ts';
import type { Decision } from './task-context.ts';

/**
 * The protocol of `docs/design.md`, from the record to the result: read, decide, do the one step that was decided on, and decide
 * again from what is recorded then. Nothing is ever cleared inside an attempt.
 */

/** How far a run goes: to the result, or until the record holds an ID. */
export type Goal = 'result' | 'id';

/** What a run led to. */
export interface Outcome {
  externalId: JsonValue;
  result: unknown;
}

/**
 * Where the ID of a job that is looked at comes from: the record as this attempt found it, a submission that somebody may have
 * sent before, one that this attempt opened, or this attempt's own waiting.
 */
type Origin = 'record' | 'took' | 'opened' | 'waited';

/** What a run knows between two steps. */
interface Position {
  seen: Snapshot;
  origin: Origin;
  /** What it did to get here; `undefined`: it reconnected. */
  kind: DecisionKind | undefined;
  /** Decided already. */
  next: Step | undefined;
}

/** Runs an external job up to its goal. */
export async function runJob(run: Run, goal: Goal): Promise<Outcome> {
  let position = await start(run);
  for (;;) {
    const step = position.next ?? decide(position.seen.record, run.options, factsOf(run, position.seen));
    const outcome = await take(run, goal, position, step);
    if ('result' in outcome) return outcome;
    position = outcome;
  }
}

/** Reads the record. Also in an attempt that was cancelled: whoever asked for the end means the job of an earlier attempt too. */
async function start(run: Run): Promise<Position> {
  if (run.life.cancelling() === undefined) run.signal.throwIfAborted();
  const position = await reread(run);
  const record = position.seen.record;
  if (record?.letter === 'e') holdJob(run, record.externalId as JsonValue);
  run.signal.throwIfAborted();
  return position;
}

async function reread(run: Run): Promise<Position> {
  const seen = await run.own.read(run.options.name);
  const sent = run.sent.get(run.options.name);
  // Also what `submit()` sent is this attempt's own: its failure is not an old one.
  const origin = sent && sent.submission === seen.record?.submission ? sent.origin : 'record';
  return { seen, origin, kind: undefined, next: undefined };
}

async function take(run: Run, goal: Goal, position: Position, step: Step): Promise<Outcome | Position> {
  const record = position.seen.record as StoredRecord;
  const externalId = record?.externalId as JsonValue;
  switch (step.do) {
    case 'send':
      return sendStep(run, position, step);
    case 'look':
      return look(run, goal, position, record);
    case 'resolve':
      return resolve(run, position, record, step.waitUntil);
    case 'give-up':
      return giveUp(run, position, step.lost);
    case 'return':
      run.announce('already-succeeded', record.submission);
      return { externalId, result: goal === 'id' ? undefined : await recordedResult(run, record, position.seen.result) };
    case 'fail':
      run.announce('already-failed', record.submission);
      throw failure(run, record);
    case 'ambiguous':
      run.announce('ambiguous', record.submission);
      throw ambiguous(run, record, record.firstSentAt ?? record.updatedAt);
    case 'input-changed':
      run.announce('input-changed', record.submission);
      run.life.log.warn({ ...run.where, externalId: externalId ?? null }, 'the input changed');
      throw new InputChangedError(externalId ?? null, run.where);
  }
}

async function sendStep(run: Run, position: Position, { plan }: Step & { do: 'send' }): Promise<Position> {
  const { record } = position.seen;
  if (record && inputChanged(record, run)) {
    run.life.log.warn(
      { ...run.where, externalId: record.externalId ?? null, submission: plan.submission },
      'the input changed: next submission',
    );
  }
  const sent = await send(run, plan, record).catch(async (error: unknown) => {
    if (!run.signal.aborted) run.announce(plan.kind, plan.submission);
    const after = askedToWait(run, error);
    if (after === undefined) throw error;
    // Where runs beside this one keep the attempt from being handed back, it is over later, and decided on again.
    await run.waiting.pause(after, 'submit', run.signal);
    return { kind: 'again' } as const;
  });
  if (sent.kind === 'again') return reread(run);
  if (plan.cancels !== undefined) {
    letGoOf(run, plan.cancels);
    await cancelJob(run, plan.cancels, 'input-changed');
  }
  const origin = plan.took ? 'took' : 'opened';
  run.sent.set(run.options.name, { submission: plan.submission, origin });
  return {
    seen: { ...position.seen, record: sent.record, result: undefined },
    origin,
    kind: sent.found ? 'reconnected' : plan.kind,
    next: undefined,
  };
}

/** How long a far side that refused a submit asked to be left alone, in milliseconds, where the attempt can be handed back. */
function askedToWait({ attempt }: Run, error: unknown): number | undefined {
  if (!attempt.release || !isMooringError(error) || error.code !== 'mooring.not-submitted' || !error.retryable) return undefined;
  return error.retryAfter === undefined ? undefined : milliseconds(error.retryAfter, 'retryAfter');
}

/** Asks the far side how the recorded job is, waits for its end, and writes that down. */
async function look(run: Run, goal: Goal, position: Position, record: StoredRecord): Promise<Outcome | Position> {
  const externalId = record.externalId as JsonValue;
  const kind = position.kind ?? 'reconnected';
  let { origin } = position;
  holdJob(run, externalId);
  run.signal.throwIfAborted();
  if (origin === 'opened' && position.kind !== undefined) {
    run.announce(kind, record.submission);
    if (goal === 'id') return { externalId, result: undefined };
  }
  await at(run, 'G8');
  let status = await ask(run, record);
  let verdict = judge(status, record, run.options, run.own.now());
  if (verdict === 'wait') {
    run.announce(kind, record.submission);
    if (goal === 'id') return { externalId, result: undefined };
    ({ status, verdict } = await waitForEnd(run, record, status));
    origin = 'waited';
  }
  switch (verdict) {
    case 'succeeded':
      run.announce(position.kind === undefined && origin !== 'waited' ? 'already-succeeded' : kind, record.submission);
      return goal === 'id' ? { externalId, result: undefined } : succeed(run, record);
    case 'failed':
      return fail(run, { ...position, origin }, record, status as KnownStatus & { state: 'failed' });
    case 'resubmit':
      if (!isOld(run, position.origin, record)) {
        run.announce('missing', record.submission);
        throw new ExternalJobUnknownError(externalId, 'it is missing; the next attempt submits again', run.where);
      }
      return { ...position, next: nextSubmission(record, run.options, factsOf(run, position.seen)) };
    case 'missing':
      run.announce('missing', record.submission);
      throw new ExternalJobMissingError(externalId, run.where);
  }
}

async function succeed(run: Run, record: StoredRecord): Promise<Outcome | Position> {
  const finished = await finishSucceeded(run, record);
  return finished.kind === 'again' ? reread(run) : { externalId: record.externalId as JsonValue, result: finished.result };
}

/**
 * A failure is recorded. One that was there before this attempt looked is an old one, and the next submission opens in this
 * attempt; any other is this attempt's own, and the runtime's next attempt is the next submission.
 */
async function fail(
  run: Run,
  position: Position,
  record: StoredRecord,
  status: KnownStatus & { state: 'failed' },
): Promise<Position> {
  const finished = await finishFailed(run, record, status);
  if (finished.kind === 'again') return reread(run);
  if (isOld(run, position.origin, record))
    return {
      seen: { ...position.seen, record: finished.record, result: undefined },
      origin: 'record',
      kind: undefined,
      next: undefined,
    };
  run.announce(position.kind ?? 'reconnected', record.submission);
  throw failure(run, finished.record);
}

/** Whether a submission was there before this attempt. Only such a one is followed by the next in the same attempt. */
function isOld({ attempt }: Run, origin: Origin, { submission }: StoredRecord): boolean {
  return origin === 'record' || (origin === 'took' && submission < attempt.attempt);
}

/** The input changed while the old one's send is unresolved: what the far side shows of it decides. */
async function resolve(run: Run, position: Position, record: StoredRecord, time: number): Promise<Position> {
  await waitUntil(run, time);
  run.signal.throwIfAborted();
  const externalId = await find(run, record.idempotencyKey);
  if (externalId === undefined) return { ...position, next: afterInputChange(record, run.options, factsOf(run, position.seen)) };
  const held = await writeSubmitted(run, {
    submission: record.submission,
    fields: { ...fieldsOf(record), externalId },
    basis: record,
  });
  return { ...position, seen: { ...position.seen, record: held } };
}

/** Nothing can tell what became of a send: that is written down, so that operators find exactly what waits for them. */
async function giveUp(run: Run, position: Position, lost: Unresolved): Promise<Position> {
  const { record } = position.seen;
  if (lost.waitUntil !== undefined) await waitUntil(run, lost.waitUntil);
  run.signal.throwIfAborted();
  const { submission, idempotencyKey, fingerprint, previous, since } = lost;
  const fields: RecordFields = {
    idempotencyKey,
    ...(fingerprint !== undefined && { fingerprint }),
    firstSentAt: since,
    // No answer is taken before: a request may be on its way until then.
    submitTimeout: Math.max(0, lost.settledAt - run.own.now()),
    findLag: 0,
    previous,
  };
  // Reads again in the same step: it is written only over the very record that was waited for.
  const reply = await persist(run, { letter: 'a', submission, fields, basis: record }, 'few');
  if (reply.kind === 'changed') return reread(run);
  if (reply.kind !== 'ok') return superseded(run);
  run.announce('ambiguous', submission);
  throw ambiguous(run, reply.record, since);
}

function failure({ where }: Run, record: StoredRecord): ExternalJobFailedError {
  const { externalId, submission, reason = '', retryable = true } = record;
  return new ExternalJobFailedError({ externalId: externalId as JsonValue, submission, reason, retryable }, where);
}

function ambiguous({ where }: Run, { idempotencyKey, submission }: StoredRecord, since: number): AmbiguousSubmitError {
  return new AmbiguousSubmitError({ idempotencyKey, submission, since: new Date(since) }, where);
}

/** What `runJob()` would do now. Looks at the far side once where the record holds an ID; writes nothing. */
export async function decideJob(run: Run): Promise<Decision<JsonValue>> {
  const { seen } = await start(run);
  const { record } = seen;
  const facts = factsOf(run, seen);
  const step = decide(record, run.options, facts);
  if (step.do !== 'look' || !record) return describe(step, record);
  const status = await ask(run, record);
  const verdict = judge(status, record, run.options, run.own.now());
  if (verdict === 'resubmit') return describe(nextSubmission(record, run.options, facts), record);
  if (verdict === 'failed') {
    const { reason, retryable = true } = status as KnownStatus & { state: 'failed' };
    return describe(decide({ ...record, letter: 'f', reason, retryable }, run.options, facts), record);
  }
  const kinds = { wait: 'reconnected', succeeded: 'already-succeeded', missing: 'missing' } as const;
  return about(kinds[verdict], record);
}

function describe(step: Step, record: StoredRecord | undefined): Decision<JsonValue> {
  switch (step.do) {
    case 'send': {
      const { kind, submission, idempotencyKey } = step.plan;
      return { kind, submission, idempotencyKey, externalId: undefined };
    }
    case 'give-up': {
      const { submission, idempotencyKey } = step.lost;
      return { kind: 'ambiguous', submission, idempotencyKey, externalId: undefined };
    }
    default:
      return about(KINDS[step.do], record as StoredRecord);
  }
}

const KINDS = {
  look: 'reconnected',
  return: 'already-succeeded',
  fail: 'already-failed',
  ambiguous: 'ambiguous',
  resolve: 'input-changed',
  'input-changed': 'input-changed',
} as const;

function about(kind: DecisionKind, { submission, idempotencyKey, externalId }: StoredRecord): Decision<JsonValue> {
  return { kind, submission, idempotencyKey, externalId };
}
