import {
  AmbiguousSubmitError,
  ConfigError,
  ExternalJobFailedError,
  ExternalJobMissingError,
  InputChangedError,
  isMooringError,
} from '../../model/errors/store.ts';
import type { DecisionKind } from '../../observe/events.ts';
import { milliseconds } from '../../model/duration.ts';
import type { JsonValue } from '../../model/storable.ts';
import { cancelJob } from './cancel-job.ts';
import { afterInputChange, decide, inputChanged, judge, type Step, type Unresolved } from './decision.ts';
import { finishFailed, finishSucceeded, recordedResult } from './finish.ts';
import type { Snapshot } from '../attempt/owned-scope.ts';
import { persist, superseded } from './persist.ts';
import { ask, waitForEnd, type KnownStatus } from './poll.ts';
import { fieldsOf, idDigest, type RecordFields, type StoredRecord } from '../../format/record.ts';
import { at, factsOf, pauseSubmit, waitUntil, type Run } from './run.ts';
import { find, send, writeSubmitted } from './send.ts';
import type { Decision } from '../task-context.ts';

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

/** What a run knows between two steps. */
interface Position {
  seen: Snapshot;
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

/** Reads the record, and refuses one that a job of another name made. */
async function start(run: Run): Promise<Position> {
  run.signal.throwIfAborted();
  const seen = await run.own.read(run.options.recordName);
  const { name } = run.options;
  const made = seen.record?.name;
  if (name !== undefined && made !== undefined && made !== name) {
    const rule = `must be the one that made this record, which is ${JSON.stringify(made)}: give each external job of a task an externalIdKey of its own`;
    throw new ConfigError('name', rule, name);
  }
  run.signal.throwIfAborted();
  return { seen, kind: undefined, next: undefined };
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
      run.life.log.warn({ ...run.about, externalId: externalId ?? null }, 'the input changed');
      throw new InputChangedError(externalId ?? null, run.where);
  }
}

async function sendStep(run: Run, position: Position, { plan }: Step & { do: 'send' }): Promise<Position> {
  const { record } = position.seen;
  // A record that was lost, or rolled back, since this attempt sent: it opens no second submission.
  if (record?.letter === 'f' && run.own.sent.has(run.options.recordName)) throw failure(run, record);
  if (record && inputChanged(record, run)) {
    run.life.log.warn(
      { ...run.about, externalId: record.externalId ?? null, submission: plan.submission },
      'the input changed: next submission',
    );
  }
  const sent = await send(run, plan, record).catch(async (error: unknown) => {
    const after = askedToWait(error);
    if (after === undefined) throw error;
    await pauseSubmit(run, after);
    return { kind: 'again' } as const;
  });
  if (sent.kind === 'again') return start(run);
  if (plan.cancels !== undefined) await cancelReplaced(run, plan.cancels);
  return {
    seen: { ...position.seen, record: sent.record, result: undefined },
    kind: sent.found ? 'reconnected' : plan.kind,
    next: undefined,
  };
}

/** The job that this submission replaced. It stays listed as an orphan unless it could be cancelled. */
async function cancelReplaced(run: Run, externalId: JsonValue): Promise<void> {
  const { core, own, options, life, about } = run;
  if (await cancelJob(core, run.job, externalId, { reason: 'input-changed', log: life.log, where: about })) return;
  const orphan = { name: options.recordName, idDigest: idDigest(externalId) };
  await core
    .track(() => core.metastore.forgetOrphan(own.address, orphan, {}))
    .catch((err: unknown) => {
      life.log.warn({ ...about, externalId, err }, 'the external job was cancelled, and is still listed as an orphan');
    });
}

/** How long an external system that refused a submit asked to be left alone, in milliseconds. */
function askedToWait(error: unknown): number | undefined {
  if (!isMooringError(error) || error.code !== 'mooring.not-submitted' || !error.retryable) return undefined;
  return error.retryAfter === undefined ? undefined : milliseconds(error.retryAfter, 'retryAfter');
}

/** Asks the external system how the recorded job is, waits for its end, and writes that down. Whoever writes a failure down throws it. */
async function look(run: Run, goal: Goal, position: Position, record: StoredRecord): Promise<Outcome | Position> {
  const externalId = record.externalId as JsonValue;
  const kind = position.kind ?? 'reconnected';
  const reached = { externalId, result: undefined };
  run.signal.throwIfAborted();
  // The job that this attempt has just submitted is waited for; any other is looked at first.
  if (position.kind === 'submitted' || position.kind === 'resubmitted') {
    run.announce(kind, record.submission);
    if (goal === 'id') return reached;
  }
  await at(run, 'G8');
  let status = await ask(run, record);
  let verdict = judge(status, record, run.options, run.own.now());
  const ended = verdict !== 'wait';
  if (verdict === 'wait') {
    run.announce(kind, record.submission);
    if (goal === 'id') return reached;
    ({ status, verdict } = await waitForEnd(run, record, status));
  }
  if (verdict === 'succeeded') {
    run.announce(position.kind === undefined && ended ? 'already-succeeded' : kind, record.submission);
    return goal === 'id' ? reached : succeed(run, record);
  }
  if (verdict === 'missing') {
    run.announce('missing', record.submission);
    const mayResubmit = run.options.onMissing === 'resubmit';
    const error = new ExternalJobMissingError(externalId, mayResubmit, run.where);
    if (!mayResubmit) throw error;
    await finishFailed(run, record, { reason: 'the external system does not know it' }, () => error);
    return start(run);
  }
  run.announce(kind, record.submission);
  await finishFailed(run, record, status as KnownStatus & { state: 'failed' }, (failed) => failure(run, failed));
  return start(run);
}

async function succeed(run: Run, record: StoredRecord): Promise<Outcome | Position> {
  const finished = await finishSucceeded(run, record);
  return finished.kind === 'again' ? start(run) : { externalId: record.externalId as JsonValue, result: finished.result };
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
  const { name } = run.options;
  const fields: RecordFields = {
    ...(name !== undefined && { name }),
    job: record?.job ?? run.attempt.job,
    idempotencyKey,
    ...(fingerprint !== undefined && { fingerprint }),
    firstSentAt: since,
    // No answer is taken before: a request may be on its way until then.
    submitTimeout: Math.max(0, lost.settledAt - run.own.now()),
    findLag: 0,
    previous,
  };
  // Reads again in the same step: it is written only over the very record that was waited for.
  const reply = await persist(run, { letter: 'a', submission, fields, basis: record }, 'lock');
  if (reply.kind === 'changed') return start(run);
  if (reply.kind !== 'ok') return superseded(run, reply);
  run.announce('ambiguous', submission);
  throw ambiguous(run, reply.record, since, lost.why);
}

function failure({ where }: Run, record: StoredRecord): ExternalJobFailedError {
  const { externalId, submission, reason = '', retryable = true } = record;
  return new ExternalJobFailedError({ externalId: externalId as JsonValue, submission, reason, retryable }, where);
}

function ambiguous(
  { where }: Run,
  { idempotencyKey, submission }: StoredRecord,
  since: number,
  why?: string,
): AmbiguousSubmitError {
  return new AmbiguousSubmitError({ idempotencyKey, submission, since: new Date(since), why }, where);
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
  const kinds = { wait: 'reconnected', succeeded: 'already-succeeded', failed: 'already-failed', missing: 'missing' } as const;
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
