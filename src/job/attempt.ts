import type { StateStore } from '../state-store/state-store.ts';
import type { AnyShape, StateShape } from '../value.ts';
import type { AttemptOptions } from './attempt-options.ts';
import type { TaskContext } from './task-context.ts';

/** One attempt of one task, from its first use of state to its end. */
export interface Attempt<Shape extends StateShape<Shape> = AnyShape> extends AsyncDisposable {
  readonly context: TaskContext<Shape>;
  /**
   * The runtime has completed the job: its state ends after `clearAfterSuccess`. May be called after the attempt ended; never
   * rejects, since a task that succeeded must not fail here.
   */
  succeed(): Promise<void>;
  /** Stops the attempt and leaves its external jobs running. The reason becomes a suspension (`isSuspension()`). */
  abort(reason: unknown): void;
  /**
   * Somebody asked for the end: stops the attempt, and then its external jobs with their `cancel`. Disposing waits for that.
   *
   * @param why - What `cancel` of the external jobs hears.
   * @defaultValue `why` is 'requested'
   */
  cancel(reason: unknown, why?: 'requested' | 'gave-up'): void;
}

/**
 * The door of the adapters: begins one attempt of one task. Does no I/O; the attempt takes its fence at the first use of state.
 *
 * @throws {@link ConfigError} {@link InvalidKeyError}
 */
export async function beginAttempt<Shape extends StateShape<Shape> = AnyShape>(
  store: StateStore,
  options: AttemptOptions,
): Promise<Attempt<Shape>> {
  throw new Error(`not yet: ${String(store)} ${String(options)}`);
}
