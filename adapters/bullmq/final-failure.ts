import {
  jobRecords,
  type ExternalId,
  type ExternalJob,
  type JobRecord,
  type StateStore,
  type TaskScope,
} from '../../src/index.ts';
import { answerWithin } from './deadline.ts';
import { milliseconds } from './duration.ts';
import { logLine } from './reporting.ts';
import type { BullJob } from './runtime.ts';

/**
 * Cancelling what still runs at far sides once BullMQ has given a job up. Records say what was submitted; the external jobs that
 * this process has seen say how to cancel it.
 */

const CALL_TIMEOUT = 30_000;

/** What is needed of an external job to cancel it. */
type Cancellable = Pick<ExternalJob<unknown, ExternalId, unknown>, 'externalIdKey' | 'cancel' | 'callTimeout'>;

/** The external jobs that the tasks of one processor use. */
export interface KnownJobs {
  /** `mapped`: an item of a task uses it. */
  add(job: object, mapped: boolean): void;
  /** Cancels what the records of a task, and of its mapped items, hold as submitted, and says so in the job's log. Never rejects. */
  cancelAll(store: StateStore, scope: TaskScope, job: BullJob): Promise<void>;
}

/** Knows no external job yet. */
export function createKnownJobs(): KnownJobs {
  const known = new Map<string, Cancellable>();
  let anyMapped = false;
  return {
    add(job, mapped) {
      const cancellable = job as Cancellable;
      known.set(cancellable.externalIdKey ?? 'external_job_id', cancellable);
      anyMapped ||= mapped;
    },
    async cancelAll(store, scope, job) {
      try {
        for await (const record of recordsOf(store, scope, [...known.keys()], anyMapped)) {
          const external = known.get(record.externalIdKey);
          if (record.state === 'submitted' && external?.cancel) await cancelOne(external, record.externalId as ExternalId, job);
        }
      } catch (error) {
        logLine(job, `could not look for external jobs to cancel after the final failure: ${textOf(error)}`);
      }
    },
  };
}

/** The records of a task; those of its items only where there may be any, since that reads through all tasks of the flow. */
async function* recordsOf(store: StateStore, scope: TaskScope, keys: string[], mapped: boolean): AsyncGenerator<JobRecord> {
  const records = jobRecords(store);
  for (const key of keys) {
    const record = await records.get(scope, key);
    if (record) yield record;
  }
  if (!mapped) return;
  for await (const record of records.list({ state: 'submitted', flow: scope.flow })) {
    const { run, task, mapIndex, itemKey } = record.scope;
    if (run === scope.run && task === scope.task && (mapIndex ?? itemKey) !== undefined) yield record;
  }
}

async function cancelOne(external: Cancellable, id: ExternalId, job: BullJob): Promise<void> {
  const text = `external job ${JSON.stringify(id)} after the final failure`;
  try {
    const ms = milliseconds(external.callTimeout ?? CALL_TIMEOUT, 'callTimeout');
    const call = Promise.resolve(external.cancel?.(id, { signal: AbortSignal.timeout(ms), reason: 'gave-up' }));
    await answerWithin(ms, call, () => new Error(`no answer within ${ms} ms`));
    logLine(job, `cancelled ${text}`);
  } catch (error) {
    logLine(job, `could not cancel ${text}: ${textOf(error)}`);
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
