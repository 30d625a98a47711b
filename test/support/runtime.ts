import { type StateStore, type TaskContext } from '../../src/index.ts';
import { beginAttempt, type Attempt, type AttemptOptions } from '../../src/adapter-kit.ts';
import { withCoreParts, type Gap } from '../../src/job/protocol/crash-point.ts';
import { internalsOf } from '../../src/state-store/internals.ts';
import { killableWorld } from '../../src/testing/killed-world.ts';

/** A runtime for tests: starts attempts of one task, with an ordered fence or with one that is drawn and proven. */

/** The scope of the task. */
export const TASK = { flow: 'flow', run: 'run', task: 'task' };

/** Kinds of fences. */
export type FenceKind = AttemptOptions['fence']['kind'];

/** A runtime with one task. */
export interface TestRuntime {
  readonly createdAt: Date;
  /** Starts the next attempt. The ones before it no longer hold the job. */
  start(overrides?: Partial<AttemptOptions>): Promise<Attempt>;
  /** Runs the next attempt to its end, or to a gap. */
  attempt<Result>(
    process: (ctx: TaskContext) => Promise<Result>,
    options?: Partial<AttemptOptions> & { killAt?: Gap | undefined },
  ): Promise<Result>;
}

/** A task that was created when the store had been in use for long, unless told otherwise. */
export function testRuntime(
  store: StateStore,
  { fence = 'ordered', createdAt }: { fence?: FenceKind; createdAt?: Date } = {},
): TestRuntime {
  const created = createdAt ?? new Date(internalsOf(store).clock.now() + 120_000);
  let started = 0;
  const begin = async (on: StateStore, overrides: Partial<AttemptOptions>): Promise<Attempt> => {
    if (started === 0 && createdAt === undefined)
      await internalsOf(store).metastore.fences.draw({ path: 'flow/run/other/-1' }, {});
    const number = (started += 1);
    return beginAttempt(on, {
      scope: TASK,
      attempt: number,
      first: number === 1,
      createdAt: created,
      fence:
        fence === 'ordered'
          ? { kind: 'ordered', order: [1, number] }
          : { kind: 'drawn', prove: () => Promise.resolve(number === started) },
      ...overrides,
    });
  };
  return {
    createdAt: created,
    start: (overrides = {}) => begin(store, overrides),
    async attempt(process, { killAt, ...overrides } = {}) {
      const world = killableWorld(internalsOf(store), killAt);
      const attempt = await begin(withCoreParts(store, world.parts), overrides);
      const live = async (): Promise<Awaited<ReturnType<typeof process>>> => {
        try {
          return await process(attempt.context);
        } finally {
          await attempt[Symbol.asyncDispose]();
        }
      };
      const result = await Promise.race([world.killed, live()]);
      await Promise.race([world.killed, attempt.succeed()]);
      return result;
    },
  };
}
