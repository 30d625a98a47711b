import type { StateStore } from '../../src/index.ts';
import type { Build } from './builds.ts';

/** Leaves one more job running outside: an attempt that submits it and ends. */
export async function submitOpenJob({ core, kit }: Build, store: StateStore, run: string): Promise<void> {
  const job = core.externalJob({
    submit: async (id: string) => `job-${id}`,
    idempotentFor: '1d',
    getStatus: async () => ({ state: 'active' }) as const,
  });
  await using attempt = kit.beginAttempt(store, {
    scope: { flow: 'bull:transcode', run, task: 'encode' },
    attempt: 1,
    first: true,
    createdAt: new Date(),
    fence: { kind: 'ordered', order: [1, 1] },
  });
  await attempt.context.submit(job, run);
}
