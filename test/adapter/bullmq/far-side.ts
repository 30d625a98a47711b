import { externalJob, type ExternalJob, type JobStatus } from '../../../src/index.ts';

/** A far side in memory, whose jobs end when the test says so, and that tells what it was asked. */
export interface FarSide {
  readonly job: ExternalJob<{ name: string }, string, string>;
  /** Keys of the submits, in order. */
  readonly submits: string[];
  readonly cancelled: { id: string; reason: string }[];
  polls: number;
  /** Progress that the next polls tell. */
  progress: number | { done: number } | undefined;
  /** What submit waits for, after it has accepted the job. */
  beforeReply: (() => Promise<void>) | undefined;
  succeed(id: string): void;
  fail(id: string, retryable?: boolean): void;
}

/** A far side that deduplicates by key, or one that does not and cannot be searched. */
export function farSide(
  kind: 'keyed' | 'plain' = 'keyed',
  more: Partial<ExternalJob<{ name: string }, string, string>> = {},
): FarSide {
  const states = new Map<string, JobStatus>();
  const ids = new Map<string, string>();
  const side: FarSide = {
    submits: [],
    cancelled: [],
    polls: 0,
    progress: undefined,
    beforeReply: undefined,
    succeed: (id) => void states.set(id, { state: 'succeeded' }),
    fail: (id, retryable = true) => void states.set(id, { state: 'failed', reason: 'broken', retryable }),
    job: externalJob<{ name: string }, string, string>({
      async submit({ name }, { idempotencyKey }) {
        side.submits.push(idempotencyKey);
        const known = kind === 'keyed' ? ids.get(idempotencyKey) : undefined;
        const id = known ?? `${name}-${side.submits.length}`;
        ids.set(idempotencyKey, id);
        if (!states.has(id)) states.set(id, { state: 'active' });
        await side.beforeReply?.();
        return id;
      },
      ...(kind === 'keyed' ? { idempotentFor: '1h' } : {}),
      async getStatus(id) {
        side.polls += 1;
        const status = states.get(id) ?? { state: 'missing' };
        return status.state === 'active' && side.progress !== undefined ? { ...status, progress: side.progress } : status;
      },
      getResult: (id) => Promise.resolve(`result of ${id}`),
      async cancel(id, { reason }) {
        side.cancelled.push({ id, reason });
        states.set(id, { state: 'failed', reason: 'cancelled' });
      },
      pollInterval: '20ms',
      submitTimeout: '2s',
      ...more,
    }),
  };
  return side;
}
