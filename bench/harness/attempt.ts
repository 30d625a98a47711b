import type { Redis } from 'ioredis';
import type { StateStore, StateStoreOptions, TaskContext } from '../../src/index.ts';
import type { Build } from './builds.ts';
import type { Rig } from './rig.ts';

/** A store of a build on Redis, and an attempt that holds its fence; both end with the bench. */

/** A store on this connection, in a namespace of the build's own. */
export function openStore(rig: Rig, build: Build, client: Redis, options: Partial<StateStoreOptions> = {}): StateStore {
  const store = build.core.createStateStore({
    metastore: build.redis.redisMetastore({ client }),
    namespace: `bench-${build.role}`,
    ...options,
  });
  rig.defer(() => store.close());
  return store;
}

/** The context of a task's first attempt, whose writes are fenced. */
export function contextOf(rig: Rig, build: Build, store: StateStore, run: string): TaskContext {
  const attempt = build.kit.beginAttempt(store, {
    scope: { flow: 'bull:transcode', run, task: 'encode' },
    attempt: 1,
    first: true,
    createdAt: new Date(),
    fence: { kind: 'ordered', order: [1, 1] },
  });
  rig.defer(() => attempt[Symbol.asyncDispose]());
  return attempt.context;
}
