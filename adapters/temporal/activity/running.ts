import { AsyncLocalStorage } from 'node:async_hooks';
import type { Context } from '@temporalio/activity';
import type { LoadedDataConverter } from '@temporalio/common';
import { ConfigError, type AnyShape, type StateShape, type StateStore } from '../../../src/adapter-kit.ts';
import type { ActivityContext } from './context.ts';
import type { ActivityStateOptions } from '../options.ts';
import type { ActivityScope } from './scope.ts';

/** What all executions of a worker share. */
export interface RunSetup {
  readonly store: StateStore;
  readonly options: ActivityStateOptions;
  /** The worker's converter; `undefined` without the plugin. */
  converter: LoadedDataConverter | undefined;
  /** Aborted when the worker begins to shut down. */
  readonly shutdown: AbortController;
  /** Work that ended activities have left to do. */
  readonly settling: Set<Promise<unknown>>;
}

/** What an activity's code can ask for while it runs. */
export interface ActivityRun {
  readonly context: Context;
  /** Adds the store of further interceptors of the worker. */
  join(setup: RunSetup): void;
  /**
   * The attempt of a scope, and its store. The same scope gives the same attempt.
   * @throws {@link ConfigError} if there are several stores and none is named, or the named one is not among them.
   */
  attempt(choice: ActivityScope, asked: StateStore | undefined): { context: ActivityContext; store: StateStore };
}

const KEY = Symbol.for('mooring.temporal.running');
const GLOBAL = globalThis as { [KEY]?: AsyncLocalStorage<ActivityRun> };

/**
 * The running activity, for code that is not handed it as an argument. It is kept on the global object, as in the SDK, so that
 * copies of this package share it.
 */
export const running: AsyncLocalStorage<ActivityRun> = (GLOBAL[KEY] ??= new AsyncLocalStorage());

/** The store of a context, if a worker has several stores. */
export interface StoreChoice {
  /**
   * The store, as `mooringPlugin()` was given it.
   * @defaultValue the worker's only one
   */
  store?: StateStore;
}

/**
 * The activity that is running.
 *
 * @throws {@link ConfigError} outside of an activity, or if the worker has neither the plugin nor the interceptors.
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
 * @param scope - The scope of its state.
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
