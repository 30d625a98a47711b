import { bounded } from '../../async/deadline.ts';
import type { ErrorContext } from '../../model/errors/store.ts';
import type { DecisionKind } from '../../observe/events.ts';
import type { TaskScope } from '../../model/scope.ts';
import type { RetentionMs } from '../../model/retention.ts';
import type { Internals } from '../../state-store/internals.ts';
import type { ResolvedAttempt, ResolvedWait } from '../attempt/options.ts';
import type { Gap } from './crash-point.ts';
import type { Facts } from './decision.ts';
import type { JobHistory } from './history.ts';
import type { StoredRecord } from '../../format/record.ts';
import type { AnyJob } from '../external-job.ts';
import type { JobOptions } from '../options.ts';
import { submissionKey } from '../../format/idempotency-key.ts';
import type { Life } from '../attempt/lifecycle.ts';
import type { OwnedScope, Snapshot } from '../attempt/owned-scope.ts';
import type { Waiting } from '../attempt/waiting.ts';

/** One `run()`, `submit()` or `decide()` of one external job in one attempt. Every step of the protocol works on it. */

/** What the runs of one attempt share. */
export interface AttemptParts {
  readonly core: Internals;
  readonly life: Life;
  readonly attempt: ResolvedAttempt;
  readonly waiting: Waiting;
  /** Lists an item of the task, once in an attempt (`item-index.ts`). */
  readonly items: (item: TaskScope) => Promise<void>;
}

/** One use of an external job. */
export interface Run extends AttemptParts {
  readonly own: OwnedScope;
  readonly job: AnyJob;
  readonly input: unknown;
  readonly options: JobOptions;
  /** Digest of the input's fingerprint. */
  readonly fingerprint: string | undefined;
  readonly where: ErrorContext & { scope: OwnedScope['scope']; key: string };
  /** For logs: as `where`, with the name of the job. */
  readonly about: object;
  /** The end of the attempt, or of this run. */
  readonly signal: AbortSignal;
  readonly wait: ResolvedWait;
  /** What happened to the job, for people. */
  readonly history: JobHistory;
  /**
   * Reports, once, what this run does: to the log, to listeners, and to its span.
   * @param found - The record of a job that need not be submitted again.
   */
  announce(decision: DecisionKind, submission: number, found?: StoredRecord): void;
  /** Reports the outcome of one submit to listeners and to the span. */
  tell(decision: DecisionKind, submission: number): void;
}

const MONTH = 30 * 24 * 3_600_000;

/** How long a record is kept: at least as long as the fence. */
export function recordRetention({ retention }: Internals): RetentionMs {
  return retention === 'forever' ? retention : Math.max(retention, MONTH);
}

/** Waits for a test at a place of the crash table; there is none in a store of `createStateStore()`. */
export async function at({ core }: Pick<AttemptParts, 'core'>, gap: Gap): Promise<void> {
  await core.crashPoint?.(gap);
}

/** What a decision needs to know of a run. */
export function factsOf(run: Run, { first, lostAt }: Pick<Snapshot, 'first' | 'lostAt'>): Facts {
  const { core, own, options, fingerprint } = run;
  const { createdAt } = run.attempt;
  const { namespace } = core;
  const key = { namespace, path: own.address.path, name: options.recordName, createdAt, fingerprint };
  const keyOf = (submission: number): string => submissionKey({ ...key, submission });
  return { ...run.attempt, first, lostAt, nonce: own.nonce, now: own.now(), fingerprint, keyOf };
}

/** Calls the external system within `callTimeout`, until the run ends. Errors as `callWithin()`. */
export function callSystem<T>(run: Run, work: (signal: AbortSignal) => Promise<T>, late?: (text: string) => Error): Promise<T> {
  return callWithin(run.core, run.options, run.signal, work, late);
}

/**
 * Calls an external system within the `callTimeout` of a job.
 *
 * @param late - Makes the error for an answer that does not come in time.
 * @throws what `work` throws, the reason of the signal, or what `late` made.
 */
export async function callWithin<T>(
  { timer }: Pick<Internals, 'timer'>,
  { callTimeout }: Pick<JobOptions, 'callTimeout'>,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
  late = (text: string): Error => new Error(text),
): Promise<T> {
  const outcome = await bounded(timer, callTimeout, signal, work);
  if (outcome.ended === 'value') return outcome.value;
  throw outcome.ended === 'aborted' ? outcome.reason : late(`no answer within ${callTimeout} ms`);
}

/** Sleeps until a time of the metastore. A run that may release does so if the sleep is longer than it would hold. */
export async function waitUntil(run: Run, time: number): Promise<void> {
  for (let left = time - run.own.now(); left > 0; left = time - run.own.now()) await pauseSubmit(run, left);
}

/** Waits before a submit, or before a search for one: holds, or releases, as the run waits for its job. */
export function pauseSubmit(run: Run, ms: number): Promise<void> {
  const releases = run.wait.mode === 'release' && ms > run.wait.holdFor;
  return run.waiting.pause(ms, releases ? 'submit' : undefined, run.signal);
}
