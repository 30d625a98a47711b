import {
  type ExternalId,
  type ExternalJob,
  type JobRecord,
  jobRecords,
  milliseconds,
  type StateStore,
  type TaskScope,
} from '../../src/index.ts';
import { answerWithin } from './deadline.ts';
import { logLine, textOf } from './reporting.ts';
import type { BullJob } from './runtime.ts';

/**
 * Cancelling what still runs at far sides once BullMQ has given a job up. Records say what was submitted; the external jobs that
 * this process has seen say how to cancel it.
 */

/** The defaults of `ExternalJob`, which a job that is given as it was written leaves out. */
const CALL_TIMEOUT = 30_000;
const EXTERNAL_ID_KEY = 'external_job_id';

/** What is needed of an external job to cancel it. */
type Cancellable = Pick<ExternalJob<unknown, ExternalId, unknown>, 'externalIdKey' | 'cancel' | 'callTimeout'>;

/** External jobs that tasks have used in this process, by `externalIdKey`. */
export interface KnownJobs {
  /** `mapped`: an item of a task uses it. */
  add(job: object, mapped: boolean): void;
  get(externalIdKey: string): Cancellable | undefined;
  keys(): readonly string[];
  anyMapped(): boolean;
}

/** As many as a processor may reasonably have; where names are made up at run time, the oldest are forgotten. */
const MOST = 100;

/** Knows no external job yet. With `wider`: those of one attempt, which are made known there too. */
export function createKnownJobs(wider?: KnownJobs): KnownJobs {
  const known = new Map<string, Cancellable>();
  let mapped = false;
  return {
    add(job, isMapped) {
      if (typeof job !== 'object' || job === null) return; // no external job, and refused as one
      const key = (job as Cancellable).externalIdKey ?? EXTERNAL_ID_KEY;
      known.delete(key);
      known.set(key, job);
      const [oldest] = known.keys();
      if (known.size > MOST && oldest !== undefined) known.delete(oldest);
      mapped ||= isMapped;
      wider?.add(job, isMapped);
    },
    get: (key) => known.get(key) ?? wider?.get(key),
    keys: () => [...new Set([...known.keys(), ...(wider?.keys() ?? [])])],
    anyMapped: () => mapped || (wider?.anyMapped() ?? false),
  };
}

/** Cancels what the records of a task, and of its mapped items, hold as submitted, and says so in the job's log. */
export async function cancelAll(store: StateStore, scope: TaskScope, known: KnownJobs, job: BullJob): Promise<void> {
  for await (const record of recordsOf(store, scope, known)) {
    const external = known.get(record.externalIdKey);
    if (record.state === 'submitted' && external?.cancel) await cancelOne(external, record.externalId as ExternalId, job);
  }
}

/** The records of a task; those of its items only where there may be any, since that reads through all tasks of the flow. */
async function* recordsOf(store: StateStore, scope: TaskScope, known: KnownJobs): AsyncGenerator<JobRecord> {
  const records = jobRecords(store);
  for (const key of known.keys()) {
    const record = await records.get(scope, key);
    if (record) yield record;
  }
  if (!known.anyMapped()) return;
  for await (const record of records.list({ state: 'submitted', flow: scope.flow })) {
    const { run, task, mapIndex, itemKey } = record.scope;
    if (run === scope.run && task === scope.task && (mapIndex ?? itemKey) !== undefined) yield record;
  }
}

async function cancelOne(external: Cancellable, id: ExternalId, job: BullJob): Promise<void> {
  const text = `external job ${JSON.stringify(id)} after the final failure`;
  try {
    const ms = milliseconds(external.callTimeout ?? CALL_TIMEOUT, 'callTimeout');
    const late = (): Error => new Error(`no answer within ${ms} ms`);
    await answerWithin(ms, async (signal) => external.cancel?.(id, { signal, reason: 'gave-up' }), late);
    logLine(job, `cancelled ${text}`);
  } catch (error) {
    logLine(job, `could not cancel ${text}: ${textOf(error)}`);
  }
}
