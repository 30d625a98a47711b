import { Context, type Info } from '@temporalio/activity';
import { externalJob, type ExternalJob, type JobStatus } from '../../../src/index.ts';
import type { Code } from './world.ts';

/** A far side in memory, whose jobs end when the test says so, and that tells what it was asked. */
export interface FarSide {
  readonly job: ExternalJob<string, string, string>;
  /** Every submit that reached it, also one that found its key again. */
  readonly submits: { id: string; token: string }[];
  readonly cancelled: string[];
  looks: number;
  /** What submit does after it has accepted a job, before it replies. */
  beforeReply: (() => Promise<void> | void) | undefined;
  /** All its jobs, those to come too, succeed. */
  succeed(): void;
}

/** Keyed: it knows a key again. Findable: it can be searched by one. Plain: neither. */
export function farSide(
  kind: 'keyed' | 'findable' | 'plain' = 'plain',
  more: Partial<ExternalJob<string, string, string>> = {},
): FarSide {
  const ids = new Map<string, string>();
  let status: JobStatus = { state: 'active' };
  const side: FarSide = {
    submits: [],
    cancelled: [],
    looks: 0,
    beforeReply: undefined,
    succeed: () => void (status = { state: 'succeeded' }),
    job: externalJob<string, string, string>({
      async submit(input, { idempotencyKey, callbackToken }) {
        const id = (kind === 'keyed' ? ids.get(idempotencyKey) : undefined) ?? `${input}-${side.submits.length + 1}`;
        side.submits.push({ id, token: callbackToken });
        ids.set(idempotencyKey, id);
        await side.beforeReply?.();
        return id;
      },
      async getStatus() {
        side.looks += 1;
        return status;
      },
      getResult: async (id) => `result of ${id}`,
      cancel: async (id, { reason }) => void side.cancelled.push(`${id} ${reason}`),
      ...(kind === 'keyed' && { idempotentFor: '1h' }),
      ...(kind === 'findable' && { find: async (key: string) => ids.get(key), findLag: 10 }),
      pollInterval: 50,
      submitTimeout: '2s',
      ...more,
    }),
  };
  return side;
}

/** Code with what Temporal said of each attempt of it. */
export function noted(code: Code): { seen: Info[]; code: Code } {
  const seen: Info[] = [];
  return {
    seen,
    code: (...args) => {
      seen.push(Context.current().info);
      return code(...args);
    },
  };
}
