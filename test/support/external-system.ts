import type { SystemKind } from '../../scripts/batch-service/job.ts';
import { systemClock } from '../../src/async/clock.ts';
import { externalJob, type Clock, type Duration, type ExternalJob, type JobStatus, type JsonValue } from '../../src/index.ts';

/** An external system in memory. Its jobs end when the test says so, or after some looks, and it counts what it is asked. */

/** A job that was accepted. */
export interface AcceptedJob {
  id: string;
  key: string;
  input: unknown;
  submission: number;
  callbackToken: string;
  /** How often its status was asked for. */
  looks: number;
  acceptedAt: number;
}

/** What a test sees of the system, and says to it. */
export interface ExternalSystem {
  /** Oldest first; their IDs are `job-1`, `job-2` and so on. */
  readonly jobs: AcceptedJob[];
  /** Names of the functions that were called, in order. */
  readonly calls: string[];
  /** How many submits arrived, also those of a key that is known. */
  readonly submits: number;
  /** How often it was asked for a status. */
  readonly looks: number;
  /** The cancels that arrived, each as `job-1 requested`. A job that is cancelled has failed. */
  readonly cancelled: string[];
  /** The progress of jobs that are active. */
  progress: JsonValue | undefined;
  /** What a submit waits for when it has arrived, before it is answered. */
  beforeReply: (() => Promise<unknown> | void) | undefined;
  /** The job with this ID has succeeded, even if it is accepted only later; without an ID all jobs have. */
  succeed(id?: string): void;
  /** The job with this ID has this status from now on. */
  end(id: string, status: JobStatus): void;
  /** The external job that describes the system; options and functions that are given replace its own. */
  job(overrides?: Partial<ExternalJob<unknown, string, unknown>>): ExternalJob<unknown, string, unknown>;
}

/** Options of `externalSystem()`. */
export interface ExternalSystemOptions {
  /** @defaultValue `'plain'` */
  kind?: SystemKind;
  /** @defaultValue the time of day; the job is then polled every 20 ms */
  clock?: Clock;
  /** How often a job is active before it has succeeded. @defaultValue for ever */
  activeLooks?: number;
  /** How long `find` does not show a job, in milliseconds. @defaultValue 0 */
  hiddenFor?: number;
  /** How long a keyed system says that it knows a key. @defaultValue `'1h'` */
  idempotentFor?: Duration;
}

const IN_REAL_TIME = { pollInterval: 20, submitTimeout: '2s', findLag: 10 } as const;

/** A system without jobs. */
export function externalSystem(options: ExternalSystemOptions = {}): ExternalSystem {
  const { kind = 'plain', clock = systemClock, activeLooks = Infinity, hiddenFor = 0, idempotentFor = '1h' } = options;
  const ends = new Map<string | undefined, JobStatus>();
  const count = (name: string): number => system.calls.filter((call) => call === name).length;
  const byId = (id: string): AcceptedJob | undefined => system.jobs.find((job) => job.id === id);

  const described: ExternalJob<unknown, string, unknown> = {
    async submit(input, { idempotencyKey: key, submission, callbackToken }) {
      system.calls.push('submit');
      let job = kind === 'keyed' ? system.jobs.find((known) => known.key === key) : undefined;
      if (!job) {
        const id = `job-${system.jobs.length + 1}`;
        job = { id, key, input, submission, callbackToken, looks: 0, acceptedAt: clock.now() };
        system.jobs.push(job);
      }
      await system.beforeReply?.();
      return job.id;
    },
    async getStatus(id) {
      system.calls.push('getStatus');
      const job = byId(id);
      if (!job) return { state: 'missing' };
      job.looks += 1;
      const end = ends.get(id) ?? ends.get(undefined);
      if (end || job.looks > activeLooks) return end ?? { state: 'succeeded' };
      return { state: 'active', ...(system.progress !== undefined && { progress: system.progress }) };
    },
    async getResult(id) {
      system.calls.push('getResult');
      return `result of ${id}`;
    },
    async cancel(id, { reason }) {
      system.calls.push('cancel');
      system.cancelled.push(`${id} ${reason}`);
      ends.set(id, { state: 'failed', reason: 'cancelled' });
    },
    ...(kind === 'keyed' && { idempotentFor }),
    ...(kind === 'findable' && {
      async find(key: string) {
        system.calls.push('find');
        return system.jobs.findLast((job) => job.key === key && clock.now() >= job.acceptedAt + hiddenFor)?.id;
      },
    }),
    ...(clock === systemClock && IN_REAL_TIME),
  };
  const system: ExternalSystem = {
    jobs: [],
    calls: [],
    cancelled: [],
    progress: undefined,
    beforeReply: undefined,
    get submits() {
      return count('submit');
    },
    get looks() {
      return count('getStatus');
    },
    succeed: (id) => void ends.set(id, { state: 'succeeded' }),
    end: (id, status) => void ends.set(id, status),
    job: (overrides = {}) => externalJob({ ...described, ...overrides }),
  };
  return system;
}
