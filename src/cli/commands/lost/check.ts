import type { JobRecord } from '../../../index.ts';
import { concurrently } from '../../../async/concurrency.ts';
import { isMooringError } from '../../../model/errors/store.ts';
import type { StoreWork } from '../../command.ts';
import { placeOf, type ActivityPlace, type QueuePlace } from '../../queue/place.ts';
import { REMAINS, type QueueName, type RuntimeJob, type RuntimeQueue } from '../../queue/queue.ts';

/** Asks the runtimes for the jobs of records. */

/** A record that no attempt comes for, and why. */
export interface LostRecord {
  readonly record: JobRecord;
  readonly why: string;
}

/** What was found. */
export interface LostJobs {
  readonly lost: readonly LostRecord[];
  readonly checked: number;
  readonly unchecked: readonly Unchecked[];
}

/** Records that nobody was asked about, and why not. */
export interface Unchecked {
  readonly count: number;
  readonly why: string;
  /** Whether the question failed, in place of not being asked. */
  readonly failed: boolean;
}

type Place<Kind> = Kind & { readonly record: JobRecord };

/** The records that no attempt comes for. What cannot be asked for is counted by its reason. */
export async function lostAmong(records: readonly JobRecord[], temporal: string | undefined, work: StoreWork): Promise<LostJobs> {
  const found = records.map((record) => ({ record, place: placeOf(record.scope, { job: record.job }) }));
  const jobs = found.flatMap(({ record, place }) => (place?.runtime === 'bullmq' ? [{ ...place, record }] : []));
  const activities = found.flatMap(({ record, place }) => (place?.runtime === 'temporal' ? [{ ...place, record }] : []));
  const parts = [
    ...(await Promise.all([...byQueue(jobs).values()].map(async (same) => ofQueue(same, work)))),
    await ofTemporal(activities, temporal, work),
    unasked(found.length - jobs.length - activities.length, OWN_SCOPE, false),
  ];
  const lost = parts.flatMap((part) => part.lost).toSorted((a, b) => a.record.since.getTime() - b.record.since.getTime());
  const unchecked = parts.flatMap((part) => part.unchecked);
  return { lost, checked: parts.reduce((sum, part) => sum + part.checked, 0), unchecked };
}

const OWN_SCOPE = 'their scope is one of your own, and does not say whose job it is';

interface JobsOfQueue {
  readonly name: QueueName;
  readonly jobs: Place<QueuePlace>[];
}

function byQueue(jobs: readonly Place<QueuePlace>[]): Map<string, JobsOfQueue> {
  const queues = new Map<string, JobsOfQueue>();
  for (const job of jobs) {
    const { prefix, queue } = job;
    const same = queues.get(`${prefix}:${queue}`) ?? { name: { prefix, queue }, jobs: [] };
    same.jobs.push(job);
    queues.set(`${prefix}:${queue}`, same);
  }
  return queues;
}

function unasked(count: number, why: string, failed: boolean): LostJobs {
  return { lost: [], checked: 0, unchecked: count > 0 ? [{ count, why, failed }] : [] };
}

/** What a runtime says; the reason, if it cannot be asked. */
async function asked(count: number, ask: () => Promise<readonly (LostRecord | undefined)[]>): Promise<LostJobs> {
  try {
    return { lost: (await ask()).filter((one) => one !== undefined), checked: count, unchecked: [] };
  } catch (error) {
    if (!isMooringError(error)) throw error;
    return unasked(count, error.message, true);
  }
}

async function ofQueue({ name, jobs }: JobsOfQueue, { withQueue, signal }: StoreWork): Promise<LostJobs> {
  const lost: LostRecord[] = [];
  const failures = new Map<string, number>();
  const ask = async (queue: RuntimeQueue): Promise<void> => {
    let down: unknown;
    await concurrently(jobs, async ({ id, createdAt, record }) => {
      try {
        if (down !== undefined) throw down;
        const why = whyLost(record, createdAt, await queue.job(id, { signal }));
        if (why !== undefined) lost.push({ record, why });
      } catch (error) {
        if (!isMooringError(error)) throw error;
        failures.set(error.message, (failures.get(error.message) ?? 0) + 1);
        // An error about one job says nothing of the others. Once the queue does not answer at all, nothing more is asked.
        down ??= await queue.job(NO_JOB, { signal }).then(() => undefined, given);
      }
    });
  };
  const { unchecked } = await asked(jobs.length, () => withQueue(name, async (queue) => ask(queue).then(() => [])));
  const failed = [...failures].map(([why, count]) => ({ count, why, failed: true }));
  const all = [...unchecked, ...failed];
  return { lost, checked: jobs.length - all.reduce((sum, { count }) => sum + count, 0), unchecked: all };
}

/** An ID that no job has: what is asked for to see whether the queue answers. */
const NO_JOB = 'mooring:no-such-job';

function given(error: unknown): unknown {
  return error;
}

function whyLost(record: JobRecord, createdAt: number | undefined, job: RuntimeJob | undefined): string | undefined {
  if (!job) return 'the queue has no such job any more';
  if (job.state === REMAINS) return 'the queue has only the remains of such a job';
  if (createdAt !== undefined && job.timestamp !== createdAt) return 'another job has its ID now';
  const isOver = job.state === 'completed' || (job.state === 'failed' && record.state !== 'ambiguous');
  return isOver ? `the job has ${job.state}, and no attempt comes by itself` : undefined;
}

const NO_ADDRESS = 'they are of Temporal, whose address --temporal says';

async function ofTemporal(
  activities: readonly Place<ActivityPlace>[],
  address: string | undefined,
  { tools, signal }: StoreWork,
): Promise<LostJobs> {
  const named = activities.filter(({ namespace }) => namespace !== undefined);
  if (address === undefined || named.length === 0) return unasked(activities.length, NO_ADDRESS, false);
  const ask = async (): Promise<readonly (LostRecord | undefined)[]> => {
    const temporal = await tools.temporal(address);
    try {
      return await concurrently(named, async ({ namespace = '', workflow, run, activity, alone, record }) => {
        const why = await temporal.end({ namespace, workflow, run, activity }, { signal });
        // Another activity may go on with a scope that several share.
        return why === undefined || !alone ? undefined : { record, why };
      });
    } finally {
      await temporal.close();
    }
  };
  return asked(activities.length, ask);
}
