import {
  externalJob,
  isMooringError,
  type JobDescription,
  type JobRecord,
  type StateStore,
  type TaskScope,
} from '../../src/index.ts';
import { KilledError } from '../../src/testing/killed-world.ts';
import { testTask } from '../../src/testing/test-task.ts';

/** Puts external jobs into a store, in any state that a record may have. */

/** More of the job. */
export interface PutJob {
  /** The name of the record. */
  key?: string;
  externalId?: string;
  name?: string;
  description?: JobDescription;
  reason?: string;
}

/** Gaps in which a kill leaves a record unfinished. */
const KILLED = { submitting: 'G3', submitted: 'G8' } as const;

/** What a submit throws that may have arrived. */
const RESET = new Error('the connection was reset');

/** Runs attempts of a task of its own until the record of its external job has that state. */
export async function putJob(store: StateStore, scope: TaskScope, state: JobRecord['state'], more: PutJob = {}): Promise<void> {
  const { key, externalId = 'ext-1', name, description, reason = 'out of memory' } = more;
  const job = externalJob({
    submit: async (_input: string) => {
      if (state === 'ambiguous') throw RESET;
      return externalId;
    },
    getStatus: async () => (state === 'failed' ? { state: 'failed', reason, retryable: false } : { state: 'succeeded' }),
    getResult: async () => 'done',
    // So long the second attempt waits before it gives up, and a person before the answer.
    ...(state === 'ambiguous' && { submitTimeout: '150ms', findLag: 0 }),
    ...(name !== undefined && { name }),
    ...(key !== undefined && { externalIdKey: key }),
    ...(description && { describe: () => description }),
  });
  const task = testTask(store, scope);
  const killAt = state === 'submitting' || state === 'submitted' ? KILLED[state] : undefined;
  const attempts = state === 'ambiguous' ? 2 : 1;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    await task
      .attempt((ctx) => ctx.run(job, 'input'), { ...(killAt && { killAt }) })
      .catch((error: unknown) => {
        if (error !== RESET && !(error instanceof KilledError) && !isMooringError(error)) throw error;
      });
  }
}
