import { randomUUID } from 'node:crypto';
import type { CallOptions, StateHandle, StateStore } from '../../src/adapter-kit.ts';
import { runName } from './attempt/scope.ts';
import { detailsOf, type BullJob } from './runtime.ts';

/**
 * What is asked of the jobs of a queue, from any process: to cancel one, or to poll at once since a callback came. One scope holds
 * the requests for all jobs of a queue that were added on one day, so that a worker reads those of all its jobs with one command,
 * or two about midnight. The scope ends by itself, some time after the last of these jobs.
 */

/** What is asked of one job. */
export interface AskedOfJob {
  /** Why it is to be cancelled. */
  cancel?: string | undefined;
  /** Identifies a callback that no attempt has heard of yet. */
  callback?: string | undefined;
}

interface Stored {
  reason?: string;
  id?: string;
  started?: number;
}

type Kind = 'cancel' | 'callback' | 'failure';
type Handle = StateHandle<Record<string, Stored>>;

const DAY = 24 * 3_600_000;
/** Outlives every heartbeat. The next attempt polls anyway. */
const CALLBACK_KEPT = '1d';

const keyOf = (kind: Kind, job: BullJob): string => `${kind} ${runName(job)}`;
const taskOf = ({ timestamp }: BullJob): string => `requests-${Math.floor(timestamp / DAY)}`;

function requestsOf(store: StateStore, job: BullJob): Handle {
  return store.task({ flow: job.queueQualifiedName, run: 'mooring', task: taskOf(job) });
}

/** What is asked of some jobs of one queue, by their run names. */
export async function requestsFor(store: StateStore, jobs: readonly BullJob[]): Promise<Map<string, AskedOfJob>> {
  const found = new Map<string, AskedOfJob>();
  const days = new Map(jobs.map((job) => [taskOf(job), job]));
  const read = async ([task, one]: [string, BullJob]): Promise<void> => {
    const added = jobs.filter((job) => taskOf(job) === task);
    const keys = added.flatMap((job) => [keyOf('cancel', job), keyOf('callback', job)]);
    const stored = await requestsOf(store, one).getMany(keys);
    for (const job of added) {
      const [cancel, callback] = [stored[keyOf('cancel', job)]?.reason, stored[keyOf('callback', job)]?.id];
      if (cancel !== undefined || callback !== undefined) found.set(runName(job), { cancel, callback });
    }
  };
  await Promise.all([...days].map(read));
  return found;
}

/** Asks for the cancellation of a job. */
export async function askToCancel(store: StateStore, job: BullJob, reason: string, call: CallOptions): Promise<void> {
  await requestsOf(store, job).set(keyOf('cancel', job), { reason }, { retention: '7d', ...call });
}

/** Withdraws that. */
export async function withdrawCancel(store: StateStore, job: BullJob): Promise<void> {
  await requestsOf(store, job).delete(keyOf('cancel', job));
}

/** Notes that a callback came for a job. Returns what identifies it. */
export async function noteCallback(store: StateStore, job: BullJob, call: CallOptions): Promise<string> {
  const id = randomUUID();
  await requestsOf(store, job).set(keyOf('callback', job), { id }, { retention: CALLBACK_KEPT, ...call });
  return id;
}

/** Takes a callback off the notes: the caller polls after that. A later callback for the same job stays. */
export async function takeCallback(store: StateStore, job: BullJob, id: string): Promise<void> {
  const change = (current: Stored | undefined): Stored | undefined => (current?.id === id ? undefined : current);
  await requestsOf(store, job).update(keyOf('callback', job), change, { retention: CALLBACK_KEPT });
}

/** Notes that this attempt of a job ends because its external job failed. The next attempt, after a pause, submits the next one. */
export async function noteFailure(store: StateStore, job: BullJob): Promise<void> {
  const { attemptsStarted: started } = detailsOf(job);
  if (started === undefined) return;
  await requestsOf(store, job).set(keyOf('failure', job), { started }, { retention: '7d' });
}

/** Whether the last attempt of a job ended so. */
export async function hasFailed(store: StateStore, job: BullJob, call: CallOptions): Promise<boolean> {
  const noted = await requestsOf(store, job).get(keyOf('failure', job), call);
  return noted !== undefined && noted.started === detailsOf(job).attemptsStarted;
}
