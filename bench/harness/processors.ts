import type { Processor } from 'bullmq';
import type { ExternalJob, StateStore } from '../../src/index.ts';
import type { Build } from './builds.ts';

/** Processors that benches of jobs compare: each does nothing but what its name says. */

/** An external job that takes no time: its end is known at the first look. */
export function endedJob({ core }: Build): ExternalJob<unknown, string, unknown> {
  return core.externalJob({
    submit: async (_input: unknown, { idempotencyKey }) => idempotencyKey,
    idempotentFor: '1d',
    getStatus: async () => ({ state: 'succeeded' }) as const,
    getResult: async () => 1,
  });
}

/** Without Mooring. */
export const bareProcessor: Processor = async () => undefined;

/** By what they do. */
export const PROCESSORS: Readonly<Record<string, (build: Build, store: StateStore) => Processor>> = {
  'withState, no use of state': ({ bullmq }, store) => bullmq.withState(store, async () => undefined),
  'withState, one set': ({ bullmq }, store) =>
    bullmq.withState(store, async (_job, { state }) => {
      await state.set('cursor', 1);
    }),
  'external job that ended at once': (build, store) => build.bullmq.resumableProcessor(store, endedJob(build)),
};
