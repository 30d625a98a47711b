import { requireCall, type CallOptions } from '../../async/deadline.ts';
import { retry } from '../../async/retry.ts';
import { oneOf } from '../../model/checks.ts';
import type { Logger } from '../../observe/logger.ts';
import { withEvent } from '../../format/jobs/history.ts';
import { decodeSegment, pathScope, scopePath, taskPath } from '../../format/path.ts';
import { taskScope } from '../../model/check-scope.ts';
import type { TaskScope } from '../../model/scope.ts';
import { concurrently } from '../../async/concurrency.ts';
import { internalsOf, type Internals } from '../../state-store/internals.ts';
import type { StateStore } from '../../state-store/state-store.ts';
import type { JsonValue } from '../../model/storable.ts';
import { cancelExternalJob, usedJob } from '../protocol/cancel-job.ts';
import { contextOf } from '../protocol/job-context.ts';
import { callWithin, recordRetention } from '../protocol/run.ts';
import { cannotKnow } from '../call-context.ts';
import type { AnyJob, ExternalId, ExternalJob } from '../external-job.ts';
import { jobOptions } from '../options.ts';
import { isOutage } from '../../model/errors/outage.ts';
import { deadlineOf, firstSentAt, parseRecord, type StoredRecord } from '../../format/record.ts';

/**
 * Cancels the recorded external jobs of a task and of its items, whichever attempt submitted them. Nothing is guessed: a job is
 * cancelled with the object that submitted it in this process, or with one that was given for its record.
 */

/** The outcome of cancelling one record. */
export interface CancelOutcome {
  scope: TaskScope;
  externalIdKey: string;
  /** `undefined` while a submit is unresolved. */
  externalId: JsonValue | undefined;
  /**
   * `unresolved`: a job may be running, and nothing can tell. `unknown-job`: a job is running, and no given external job can
   * cancel it. `failed`: its `cancel`, or its `find`, failed.
   */
  outcome: 'cancelled' | 'failed' | 'unresolved' | 'unknown-job';
  /** The error of `cancel` or `find`. */
  error?: unknown;
}

/** Options of `cancelExternalJobs()`. */
export interface CancelExternalJobsOptions extends CallOptions {
  /**
   * The reason that `cancel` of the external jobs is given.
   * @defaultValue 'requested'
   */
  reason?: 'requested' | 'gave-up';
  /**
   * The input of the submit. With it, the job's `find` looks for an unresolved submit.
   * @defaultValue none
   */
  input?: unknown;
}

/**
 * Cancels the external jobs that a task and its items have recorded as running. It waits for a submit that may still be on its
 * way, by the metastore's clock. Each of `jobs` serves the records of its `externalIdKey` and `name`.
 *
 * @returns what became of each record that held a running job, or an unresolved submit.
 * @throws {@link ConfigError} {@link StoreUnavailableError}
 */
export async function cancelExternalJobs(
  store: StateStore,
  scope: TaskScope,
  jobs: readonly ExternalJob<never, ExternalId, unknown>[],
  options: CancelExternalJobsOptions = {},
): Promise<readonly CancelOutcome[]> {
  requireCall(options, { signal: true, reason: true, input: true });
  const { reason = 'requested', signal } = options;
  oneOf('requested', 'gave-up')(reason, 'reason');
  const core = internalsOf(store);
  const find = 'input' in options ? { input: options.input } : undefined;
  const cancelling = { reason, signal, log: core.logger, jobs: jobs as readonly unknown[] as readonly AnyJob[], find };
  return cancelRecorded(core, taskScope(scope), cancelling);
}

/** How records are cancelled. */
export interface Cancelling {
  reason: 'requested' | 'gave-up';
  signal?: AbortSignal | undefined;
  log: Logger | undefined;
  /** External jobs for records that this process did not submit. */
  jobs: readonly AnyJob[];
  /** Looks for an unresolved submit. */
  find?: { input: unknown } | undefined;
}

/**
 * Cancels the recorded external jobs of an attempt that is ending. If the store is unavailable, it retries until the attempt's
 * patience is over. Never rejects.
 */
export async function cancelWithPatience(
  core: Internals,
  scope: TaskScope,
  patience: number,
  cancelling: Cancelling,
): Promise<void> {
  const pause = { first: LOOK_AGAIN, longest: LOOK_AGAIN };
  await retry({ clock: core.clock, pause, patience, passes: isOutage }, () => cancelRecorded(core, scope, cancelling)).catch(
    (err: unknown) => cancelling.log?.error({ scope, err }, 'external jobs of this task were not cancelled, and may go on'),
  );
}

async function cancelRecorded(core: Internals, scope: TaskScope, cancelling: Cancelling): Promise<readonly CancelOutcome[]> {
  const own = await inspect(core, scopePath(scope), cancelling);
  const items = await concurrently(own.items, (item) => inspect(core, `${taskPath(scope)}/${item}`, cancelling));
  const records = [own, ...items].flatMap(({ found }) => found);
  const outcomes = await concurrently(records, (one) => cancelOne(core, one, cancelling), AT_ONCE);
  return outcomes.filter((outcome) => outcome !== undefined);
}

/** How many records are cancelled at the same time: one that waits for a submit must not hold up the others. */
const AT_ONCE = 50;

/** A record, and where it is. */
interface Found {
  path: string;
  name: string;
  where: { scope: TaskScope; key: string };
  record: StoredRecord;
}

async function inspect(
  core: Internals,
  path: string,
  { signal }: Cancelling,
): Promise<{ found: Found[]; items: readonly string[] }> {
  const call = signal ? { signal } : {};
  const { recorded, records, items } = await core.track(() => core.metastore.scopes.inspect({ path }, call));
  const scope = (pathScope(path) ?? JSON.parse(recorded ?? '{}')) as TaskScope;
  const found = records.map(({ name, text }): Found => {
    const where = { scope, key: decodeSegment(name) ?? name };
    return { path, name, where, record: parseRecord(text, where) };
  });
  return { found, items };
}

async function cancelOne(core: Internals, found: Found, cancelling: Cancelling): Promise<CancelOutcome | undefined> {
  const { where } = found;
  const { log, reason } = cancelling;
  const job = jobFor(core, found, cancelling);
  const record = await settled(core, found, job, cancelling);
  const about = { ...where, ...(record?.name !== undefined && { name: record.name }) };
  const became = (outcome: Omit<CancelOutcome, 'scope' | 'externalIdKey'>): CancelOutcome => ({
    scope: where.scope,
    externalIdKey: record?.key ?? where.key,
    ...outcome,
  });
  let externalId = record?.letter === 'e' ? record.externalId : undefined;
  if (record?.letter === 's' || record?.letter === 'a') {
    const { idempotencyKey } = record;
    const looked = cancelling.find && job?.find && (await look(core, job, record, cancelling.find.input, cancelling));
    if (!looked) {
      log?.warn({ ...about, idempotencyKey }, 'not cancelled: nobody knows whether this external job was submitted');
      return became({ outcome: 'unresolved', externalId });
    }
    if ('error' in looked) return became({ outcome: 'failed', externalId, error: looked.error });
    externalId = looked.id;
  }
  if (record === undefined || externalId === undefined) return undefined;
  if (!job?.cancel) {
    log?.warn({ ...about, externalId }, 'not cancelled, and may go on: nothing here knows how to cancel this external job');
    return became({ outcome: 'unknown-job', externalId });
  }
  const input = cancelling.find?.input;
  const end = await cancelExternalJob(core, job, { ...record, externalId }, { reason, input, log, where: about });
  if (typeof end === 'object') return became({ externalId, outcome: 'failed', error: end.error });
  if (end === 'cancelled') await noteCancelled(core, found, record);
  return became({ externalId, outcome: 'cancelled' });
}

/** The record says submitted until an attempt asks the external system again. For people, its history says what was done. */
async function noteCancelled(core: Internals, { path, name, where }: Found, record: StoredRecord): Promise<void> {
  const { version: basis, submission } = record;
  try {
    const now = await core.track(() => core.metastore.now({}));
    const history = JSON.stringify(withEvent(record.history, [now, 'cancelled', submission]));
    const noted = { name, basis, retention: recordRetention(core), history };
    await core.track(() => core.metastore.records.refresh({ path }, noted, {}));
  } catch (err) {
    core.logger?.debug({ ...where, err }, 'the history of the record lacks that its job was cancelled');
  }
}

/** The object that submitted the job in this process, else one that was given for this record. */
function jobFor(core: Internals, { path, name, record }: Found, { jobs }: Cancelling): AnyJob | undefined {
  const named = jobs.find((job) => {
    const options = jobOptions(job);
    return options.recordName === name && (record.name ?? options.name) === (options.name ?? record.name);
  });
  return usedJob(core, path, name) ?? named;
}

/** Milliseconds between two looks at a record whose submit may be on its way: most replies come long before the deadline. */
const LOOK_AGAIN = 500;

/** The record, once its submit cannot be on its way any more. */
async function settled(
  core: Internals,
  { path, name, record }: Found,
  job: AnyJob | undefined,
  cancelling: Cancelling,
): Promise<StoredRecord | undefined> {
  let current: StoredRecord | undefined = record;
  const lag = job?.find ? jobOptions(job).findLag : 0;
  while (current?.letter === 's') {
    const left = deadlineOf(current) + lag - (await core.track(() => core.metastore.now({})));
    if (left <= 0) break;
    await core.clock.sleep(Math.min(left, LOOK_AGAIN), cancelling.signal);
    current = (await inspect(core, path, cancelling)).found.find((one) => one.name === name)?.record;
  }
  return current;
}

/** What `find` shows of an unresolved submit. `undefined`: it cannot tell. */
async function look(
  core: Internals,
  job: AnyJob,
  record: StoredRecord,
  input: unknown,
  { signal }: Cancelling,
): Promise<{ id: JsonValue | undefined } | { error: unknown } | undefined> {
  try {
    const find = async (within: AbortSignal) => job.find?.(record.idempotencyKey, contextOf({ input }, record, within));
    const options = jobOptions(job);
    const id = await callWithin(core, options, signal, find);
    if (id === cannotKnow) return undefined;
    if (id !== undefined && id !== null) return { id: id as JsonValue };
    // The job may have been forgotten.
    const now = await core.track(() => core.metastore.now({}));
    return now < firstSentAt(record) + options.findableFor ? { id: undefined } : undefined;
  } catch (error) {
    return { error };
  }
}
