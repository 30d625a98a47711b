import { externalJob, type Clock, type Duration, type ExternalJob, type JobStatus } from '../../src/index.ts';

/** A far side in memory, of each kind, which counts what is asked of it. */

/** Keyed: knows an idempotency key again. Findable: shows jobs by key. Plain: neither. */
export type FarSideKind = 'keyed' | 'findable' | 'plain';

/** A job at the far side. */
export interface FakeJob {
  id: string;
  key: string;
  input: string;
  submission: number;
  callbackToken: string;
  /** `undefined`: as the number of looks says. */
  status: JobStatus | undefined;
  looks: number;
  acceptedAt: number;
  cancelled: string[];
}

/** A far side. */
export interface FakeFarSide {
  readonly jobs: FakeJob[];
  /** Names of the functions that were called, in order. */
  readonly calls: string[];
  /** The external job that describes this far side, with other options or functions where given. */
  job(overrides?: Partial<ExternalJob<string, string, unknown>>): ExternalJob<string, string, unknown>;
}

/** Options of `fakeFarSide()`. */
export interface FakeFarSideOptions {
  kind: FarSideKind;
  clock: Clock;
  /** How often a job is active before it has succeeded; 1. */
  activeLooks?: number;
  /** How long `find` does not show a job; 0 ms. */
  hiddenFor?: number;
  /** How long a key is known; '1h'. */
  idempotentFor?: Duration;
}

/** A far side without jobs. */
export function fakeFarSide({
  kind,
  clock,
  activeLooks = 1,
  hiddenFor = 0,
  idempotentFor = '1h',
}: FakeFarSideOptions): FakeFarSide {
  const jobs: FakeJob[] = [];
  const calls: string[] = [];
  const byId = (id: string): FakeJob | undefined => jobs.find((job) => job.id === id);

  const described: ExternalJob<string, string, unknown> = {
    async submit(input, { idempotencyKey, submission, callbackToken }) {
      calls.push('submit');
      const known = kind === 'keyed' ? jobs.find((job) => job.key === idempotencyKey) : undefined;
      if (known) return known.id;
      const id = `job-${jobs.length + 1}`;
      jobs.push({
        id,
        key: idempotencyKey,
        input,
        submission,
        callbackToken,
        status: undefined,
        looks: 0,
        acceptedAt: clock.now(),
        cancelled: [],
      });
      return id;
    },
    async getStatus(id) {
      calls.push('getStatus');
      const job = byId(id);
      if (!job) return { state: 'missing' };
      job.looks += 1;
      return job.status ?? (job.looks > activeLooks ? { state: 'succeeded' } : { state: 'active' });
    },
    async getResult(id) {
      calls.push('getResult');
      return { of: id, input: byId(id)?.input ?? '' };
    },
    async cancel(id, { reason }) {
      calls.push('cancel');
      byId(id)?.cancelled.push(reason);
    },
    ...(kind === 'keyed' && { idempotentFor }),
    ...(kind === 'findable' && {
      async find(key: string) {
        calls.push('find');
        return jobs.findLast((job) => job.key === key && clock.now() >= job.acceptedAt + hiddenFor)?.id;
      },
    }),
  };
  return { jobs, calls, job: (overrides = {}) => externalJob({ ...described, ...overrides }) };
}
