import { AsyncLocalStorage } from 'node:async_hooks';
import { ConfigError, type AnyShape, type StateShape, type StateStore } from '../../../src/adapter-kit.ts';
import type { ActivityContext } from './context.ts';
import type { ActivityRun } from './run.ts';
import type { ActivityScope } from './scope.ts';

const KEY = Symbol.for('mooring.temporal.running');
const GLOBAL = globalThis as { [KEY]?: AsyncLocalStorage<ActivityRun> };

/** The one thing that is not an argument: which activity is running. On the global object, as the SDK keeps its own: copies of this package share it. */
export const running: AsyncLocalStorage<ActivityRun> = (GLOBAL[KEY] ??= new AsyncLocalStorage());

/** Whose state a context is of, if a worker has several stores. */
export interface StoreChoice {
  /**
   * The store that is meant, as `mooringPlugin()` was given it.
   * @defaultValue the worker's only one
   */
  store?: StateStore;
}

/**
 * The activity that is running.
 *
 * @throws {@link ConfigError} outside of one, or if the worker has neither the plugin nor the interceptors.
 */
export function currentRun(caller: string): ActivityRun {
  const run = running.getStore();
  if (!run) throw new ConfigError(caller, OUTSIDE);
  return run;
}

const OUTSIDE = 'must be called within an activity of a worker that has mooringPlugin(store), or stateInterceptors(store)';

/**
 * The context of the activity that is running.
 *
 * @param scope - Whose state it uses.
 * @defaultValue `scope` is `'activity'`, `store` the worker's only one
 * @throws {@link ConfigError} outside of an activity, for an invalid scope, in a local activity that does not choose one, and on a worker with
 * several stores of which none is named.
 */
export function taskContext<Shape extends StateShape<Shape> = AnyShape>(
  scope: ActivityScope = 'activity',
  { store }: StoreChoice = {},
): ActivityContext<Shape> {
  return currentRun('taskContext()').attempt(scope, store).context as unknown as ActivityContext<Shape>;
}
