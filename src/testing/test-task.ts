import { onAbort } from '../async/abort.ts';
import { requireCall } from '../async/deadline.ts';
import { milliseconds, type Duration } from '../model/duration.ts';
import { ConfigError } from '../model/errors/store.ts';
import { beginAttempt, type Attempt } from '../job/attempt/attempt.ts';
import { withCoreParts, type Gap } from '../job/protocol/crash-point.ts';
import type { TaskContext } from '../job/task-context.ts';
import { BIRTH_SLACK } from '../metastore/lifetimes.ts';
import { scopePath } from '../format/path.ts';
import { taskScope } from '../model/check-scope.ts';
import type { TaskScope } from '../model/scope.ts';
import { internalsOf } from '../state-store/internals.ts';
import type { StateStore } from '../state-store/state-store.ts';
import type { AnyShape, StateShape } from '../model/storable.ts';
import { killableWorld } from './killed-world.ts';

/** A task without a runtime, so that users can test their own processors, including the death of a worker. */

/** A task of a test. */
export interface TestTask<Shape extends StateShape<Shape> = AnyShape> {
  /**
   * Runs the next try. If it releases, it is started again after that time, as the runtime would do. If it succeeds, it is
   * completed. `killAt` ends it in that gap of the crash table. An abort of `signal` is a person's cancellation.
   *
   * @throws `KilledError` after `killAt`, or what the process threw. `ConfigError` for a gap that is not in the table.
   */
  attempt<Result>(
    process: (ctx: TaskContext<Shape>) => Promise<Result>,
    options?: { killAt?: Gap; signal?: AbortSignal },
  ): Promise<Result>;
}

const GAP = /^G(?:[1-9]|1[0-2])$/;

/** The rejection of a process that releases. */
class Released extends Error {
  readonly after: Duration;
  constructor(after: Duration) {
    super('released');
    this.name = 'Released';
    this.after = after;
  }
}

/**
 * A task of a test.
 *
 * @defaultValue `scope` is a task of that test
 * @throws `ConfigError`, `InvalidKeyError`
 */
export function testTask<Shape extends StateShape<Shape> = AnyShape>(
  store: StateStore,
  scope: TaskScope = { flow: 'test', run: '1', task: 'task' },
): TestTask<Shape> {
  const core = internalsOf(store);
  const checked = taskScope(scope);
  let createdAt = new Date(0);
  let attempts = 0;
  let starts = 0;

  const start = async <Result>(
    process: (ctx: TaskContext<Shape>) => Promise<Result>,
    { killAt, signal }: { killAt?: Gap; signal?: AbortSignal },
  ): Promise<Result> => {
    starts += 1;
    const world = killableWorld(core, killAt);
    const attempt: Attempt<Shape> = beginAttempt<Shape>(withCoreParts(store, world.parts), {
      scope: checked,
      attempt: attempts,
      first: starts === 1,
      createdAt,
      fence: { kind: 'ordered', order: [createdAt.getTime(), starts] },
      release: (after) => Promise.reject(new Released(after)),
    });
    const leave = signal && onAbort(signal, () => attempt.cancel(signal.reason));
    const live = async (): Promise<Result> => {
      try {
        return await process(attempt.context);
      } finally {
        await attempt[Symbol.asyncDispose]();
      }
    };
    try {
      const result = await Promise.race([world.killed, live()]);
      await Promise.race([world.killed, attempt.succeed()]);
      return result;
    } finally {
      leave?.();
    }
  };

  return {
    async attempt(process, options = {}) {
      requireCall(options, { killAt: true, signal: true });
      const { killAt } = options;
      if (killAt !== undefined && !GAP.test(killAt)) throw new ConfigError('killAt', 'must be a gap, from G1 to G12', killAt);
      if (attempts === 0) {
        // The task is younger than its namespace: otherwise a first attempt that is killed early looks like lost state.
        await core.metastore.fences.draw({ path: scopePath(checked) }, {});
        createdAt = new Date(core.clock.now() + BIRTH_SLACK);
      }
      attempts += 1;
      for (;;) {
        try {
          return await start(process, options);
        } catch (error) {
          if (!(error instanceof Released)) throw error;
          await core.clock.sleep(milliseconds(error.after, 'after'), options.signal);
        }
      }
    },
  };
}
