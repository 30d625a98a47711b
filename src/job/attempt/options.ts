import { hostname } from 'node:os';
import { pid } from 'node:process';
import { requireSignal } from '../../async/deadline.ts';
import { milliseconds, type Duration } from '../../model/duration.ts';
import { ConfigError } from '../../model/errors/store.ts';
import type { Logger } from '../../observe/logger.ts';
import { requireKnownNames } from '../../model/check-options.ts';
import { anything, callable, checkOptions, duration, trueOrFalse, oneOf, retention, rule, text } from '../../model/checks.ts';
import type { Checks } from '../../model/checks.ts';
import { retentionMs, type Retention, type RetentionMs } from '../../model/retention.ts';
import { taskScope } from '../../model/check-scope.ts';
import type { TaskScope } from '../../model/scope.ts';
import { scopePath } from '../../format/path.ts';
import type { JsonValue } from '../../model/storable.ts';
import type { AnyJob, ExternalId, ExternalJob } from '../external-job.ts';
import { jobOptions } from '../options.ts';
import type { Wait } from '../task-context.ts';

/** The options by which an adapter describes its runtime's attempt. They are checked before the attempt begins. */

/** Options of `beginAttempt()`. */
export interface AttemptOptions {
  /** The task: the same in every attempt of it. */
  scope: TaskScope;
  /** From 1, as the runtime counts. */
  attempt: number;
  /** Whether the runtime itself says that no earlier attempt was ever started. */
  first: boolean;
  /** When the runtime created the job: the same in every attempt. */
  createdAt: Date;
  /**
   * The ID of the runtime's job, the same in every attempt. No other job ever has it. If jobs share a scope, it tells whose a
   * finished record is.
   * @defaultValue the path of the task, and `createdAt`
   */
  jobId?: string;
  /**
   * The text that a webhook brings back.
   * @defaultValue the path of the task
   */
  callbackToken?: string;
  /**
   * Aborting it is `abort()` with its reason.
   * @defaultValue none
   */
  signal?: AbortSignal;
  /**
   * How long the task's state outlives its success.
   * @defaultValue '1d'
   */
  clearAfterSuccess?: Retention;
  /**
   * Gets the log lines of this attempt, in addition to the store's logger. Lines of `info` and above are transitions.
   * @defaultValue none
   */
  logger?: Logger;
  /**
   * Tells a newer attempt from an older one. `ordered`: numbers of the runtime that only grow, compared by the first, then by the
   * second. `drawn`: the metastore draws a number, and `prove` then says whether the runtime still holds the job for this
   * attempt. Without `prove`, the attempt that drew last may write.
   */
  fence: { kind: 'ordered'; order: readonly [number, number] } | { kind: 'drawn'; prove: (() => Promise<boolean>) | undefined };
  /**
   * How long writes of records and the cancelling of external jobs are retried while the metastore is unavailable.
   * @defaultValue '30s'
   */
  patience?: Duration;
  /**
   * External jobs that may be used to cancel jobs which this process did not submit, each for the records of its `externalIdKey`
   * and `name`.
   * @defaultValue none
   */
  externalJobs?: readonly ExternalJob<never, ExternalId, unknown>[];
  /**
   * Called if somebody has asked to cancel this job, when the attempt begins to use state. The metastore keeps that request.
   * @defaultValue none: such a request is ignored
   */
  onCancelRequest?: (reason: string) => void;
  /**
   * Hands the job back to the runtime.
   * @defaultValue none: waiting with `release` is a `ConfigError`
   */
  release?: Release;
  /**
   * How a run waits if its own options do not say it.
   * @defaultValue `{ mode: 'hold' }`
   */
  wait?: Wait;
  /**
   * Called when the ID of an external job is recorded, after each poll, and at its end. An error that it throws is logged.
   * @defaultValue none
   */
  onReport?: (report: JobReport) => void | Promise<void>;
}

/** How an external job is, for dashboards. */
export interface JobReport {
  /** The name of the external job; `undefined` if it has none. */
  name: string | undefined;
  externalIdKey: string;
  /** The item of the task that it belongs to. */
  item: string | number | undefined;
  submission: number;
  externalId: JsonValue;
  /** Where the external system shows it to people, as `describe` says. */
  url: string | undefined;
  state: 'active' | 'succeeded' | 'failed' | 'missing' | 'unknown';
  /** As the external system reports it, while the job is active. */
  progress: JsonValue | undefined;
}

/**
 * Hands the job back to the runtime, to be started again after a time. Rejects with the error that the runtime wants thrown.
 * Resolves if the attempt has to hold instead.
 *
 * @param waitsFor - `job`: all runs of the attempt wait for the end of external jobs whose IDs are recorded. `submit`: one waits
 * until it may submit its job, or look for it; nobody else can end that wait.
 */
export type Release = (after: Duration, waitsFor: 'job' | 'submit') => Promise<void>;

/** The options, checked, with lengths of time in milliseconds. */
export interface ResolvedAttempt extends Omit<
  AttemptOptions,
  'createdAt' | 'jobId' | 'clearAfterSuccess' | 'patience' | 'externalJobs' | 'wait'
> {
  createdAt: number;
  job: string;
  clearAfterSuccess: RetentionMs;
  patience: number;
  externalJobs: readonly AnyJob[];
  /** The runtime says that this is the first attempt, and nobody else can have been given the job since. */
  surelyFirst: boolean;
  /** The attempt, as people read it. */
  holder: string;
  wait: ResolvedWait;
}

/** A way of waiting, with its defaults. */
export type ResolvedWait = { mode: 'hold' } | { mode: 'release'; holdFor: number };

/** Asking the system costs as much as the rest of a check. */
const HOST = hostname();

const LARGEST_SECOND = 99_999_999;

const CHECKS: Checks<AttemptOptions> = {
  scope: anything,
  attempt: rule('must be a whole number of at least 1', (attempt) => Number.isSafeInteger(attempt) && Number(attempt) >= 1),
  first: trueOrFalse,
  createdAt: rule('must be a valid Date', (date) => date instanceof Date && !Number.isNaN(date.getTime())),
  jobId: text,
  callbackToken: text,
  signal: (signal) => requireSignal(signal as AbortSignal),
  clearAfterSuccess: retention,
  logger: anything,
  fence: (fence) => requireFence(fence as AttemptOptions['fence']),
  patience: duration,
  externalJobs: requireExternalJobs,
  onCancelRequest: callable,
  release: callable,
  wait: anything,
  onReport: callable,
};

/**
 * Checks the options of an attempt.
 *
 * @throws {@link ConfigError} {@link InvalidKeyError}
 */
export function resolveAttempt(options: AttemptOptions): ResolvedAttempt {
  checkOptions('options', options, CHECKS, ['attempt', 'first', 'createdAt', 'fence']);
  const { attempt, first, createdAt, jobId, clearAfterSuccess = '1d', fence, wait = { mode: 'hold' } } = options;
  const scope = taskScope(options.scope);
  return {
    ...options,
    // Of options that inherit these, too.
    attempt,
    first,
    fence,
    scope,
    job: jobId ?? `${scopePath(scope)}@${createdAt.getTime()}`,
    patience: milliseconds(options.patience ?? '30s', 'patience'),
    externalJobs: (options.externalJobs ?? []) as readonly unknown[] as readonly AnyJob[],
    surelyFirst: first && (fence.kind === 'ordered' || fence.prove !== undefined),
    holder: `attempt ${attempt}, host ${HOST}, process ${pid}, since ${new Date().toISOString()}`,
    createdAt: createdAt.getTime(),
    clearAfterSuccess: retentionMs(clearAfterSuccess, 'clearAfterSuccess'),
    wait: resolveWait(wait, options.release !== undefined),
  };
}

/**
 * A way of waiting with its defaults.
 *
 * @throws {@link ConfigError} if it is invalid, or the runtime cannot release.
 */
export function resolveWait(wait: Wait, canRelease: boolean): ResolvedWait {
  requireKnownNames('wait', wait, { mode: true, holdFor: true });
  if (wait.mode === 'hold') return { mode: 'hold' };
  oneOf('hold', 'release')(wait.mode, 'wait.mode');
  if (!canRelease) throw new ConfigError('wait.mode', "must be 'hold' if the runtime cannot release an attempt", wait.mode);
  return { mode: 'release', holdFor: wait.holdFor === 0 ? 0 : milliseconds(wait.holdFor ?? '30s', 'wait.holdFor') };
}

/**
 * Checks what an option must be: an array of external jobs.
 *
 * @throws {@link ConfigError} {@link InvalidKeyError}
 */
export function requireExternalJobs(jobs: unknown, option: string): void {
  if (!Array.isArray(jobs)) throw new ConfigError(option, 'must be an array of external jobs', jobs);
  for (const job of jobs) jobOptions(job as AnyJob);
}

const TWO_NUMBERS = 'must be two whole numbers of at least 0, not both 0, the second below 100000000';

function requireFence(fence: AttemptOptions['fence']): void {
  oneOf('ordered', 'drawn')((fence as { kind?: unknown } | null)?.kind, 'fence.kind');
  if (fence.kind === 'drawn') {
    if (fence.prove !== undefined) callable(fence.prove, 'fence.prove');
    return;
  }
  const order: unknown = fence.order;
  const [first, second] = Array.isArray(order) ? (order as number[]) : [];
  const whole = isWhole(first) && isWhole(second);
  if (!whole || second > LARGEST_SECOND || (first === 0 && second === 0)) {
    throw new ConfigError('fence.order', TWO_NUMBERS, String(fence.order));
  }
}

function isWhole(number: number | undefined): number is number {
  return Number.isSafeInteger(number) && (number as number) >= 0;
}
