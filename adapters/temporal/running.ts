import { AsyncLocalStorage } from 'node:async_hooks';
import { ConfigError, type AnyShape, type StateShape } from '../../src/index.ts';
import type { ActivityContext } from './activity-context.ts';
import type { ActivityRun } from './activity-run.ts';
import type { ActivityScope } from './scope.ts';

/** The one thing that is not an argument: which activity is running. On the global object, as the SDK keeps its own: copies of this package share it. */
const KEY = Symbol.for('mooring.temporal.running');
const running = ((globalThis as { [KEY]?: AsyncLocalStorage<ActivityRun> })[KEY] ??= new AsyncLocalStorage<ActivityRun>());

/** Runs an activity within its state. */
export function inRun<Result>(run: ActivityRun, activity: () => Promise<Result>): Promise<Result> {
  return running.run(run, activity);
}

/**
 * The activity that is running.
 *
 * @throws {@link ConfigError} outside of one, or where the worker has neither the plugin nor the interceptors.
 */
export function currentRun(caller: string): ActivityRun {
  const run = running.getStore();
  if (run) return run;
  throw new ConfigError(
    caller,
    'must be called within an activity of a worker that has mooringPlugin(store), or stateInterceptors(store)',
  );
}

/**
 * The context of the activity that is running.
 *
 * @param scope - Whose state it uses.
 * @defaultValue `scope` is `'activity'`
 * @throws {@link ConfigError} outside of an activity, for a scope that is none, and in a local activity that does not choose one.
 */
export function taskContext<Shape extends StateShape<Shape> = AnyShape>(
  scope: ActivityScope = 'activity',
): ActivityContext<Shape> {
  return currentRun('taskContext()').attempt(scope);
}
