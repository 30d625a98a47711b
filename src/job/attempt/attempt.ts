import { onAbort } from '../../async/abort.ts';
import { createWriter, drawNonce, UNFENCED } from '../../format/write-id.ts';
import { scopePath } from '../../format/path.ts';
import type { TaskScope } from '../../model/scope.ts';
import { internalsOf } from '../../state-store/internals.ts';
import type { StateStore } from '../../state-store/state-store.ts';
import type { AnyShape, StateShape } from '../../model/storable.ts';
import { resolveAttempt, type AttemptOptions } from './options.ts';
import { cancelWithPatience } from '../operator/cancel-recorded.ts';
import { createContext, type ContextParts, type TaskScopeParts } from './context.ts';
import { createItemIndex } from '../protocol/item-index.ts';
import { createLife, type Life } from './lifecycle.ts';
import { createOwnedScope, type OwnedScope } from './owned-scope.ts';
import { at } from '../protocol/run.ts';
import type { TaskContext } from '../task-context.ts';
import { createWaiting } from './waiting.ts';

/** One attempt of one task. */
export interface Attempt<Shape extends StateShape<Shape> = AnyShape>
  extends AsyncDisposable, Pick<Life, 'failure' | 'interrupted'> {
  /** The context for the task's code. It works until the attempt is disposed. */
  readonly context: TaskContext<Shape>;
  /**
   * Says that the runtime has completed the job: its state ends after `clearAfterSuccess`. It may be called after the attempt was
   * disposed. Never rejects: a task that succeeded must not fail here.
   */
  succeed(): Promise<void>;
  /**
   * Says that the attempt ended without success, and that the runtime may start another one. If the first attempt used no state,
   * that is recorded: the next attempt would otherwise take the missing traces for lost state. Never rejects.
   */
  fail(): Promise<void>;
  /** Stops the attempt and leaves its external jobs running. The reason becomes a suspension (`isSuspension()`). */
  abort(reason: unknown): void;
  /**
   * Stops the attempt because somebody asked. Cancels the external jobs that the task and its items have recorded, in earlier
   * attempts too. Disposing waits for that.
   *
   * @param why - The reason that `cancel` of the external jobs is given.
   * @defaultValue `why` is 'requested'
   */
  cancel(reason: unknown, why?: 'requested' | 'gave-up'): void;
  /**
   * Ends the pauses between two polls: a callback of the external system came. A run that is polling polls once more. An attempt
   * that has been handed back does nothing.
   */
  pollNow(): void;
  /** Ends the attempt and its context, and waits until nothing of it is running. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Begins one attempt of one task, for an adapter. Does no I/O, so that the adapter can hand out the context at once. The attempt
 * takes its fence at the first use of state.
 *
 * @throws {@link ConfigError} {@link InvalidKeyError}
 */
export function beginAttempt<Shape extends StateShape<Shape> = AnyShape>(
  store: StateStore,
  options: AttemptOptions,
): Attempt<Shape> {
  const core = internalsOf(store);
  const attempt = resolveAttempt(options);
  const { scope, patience } = attempt;
  const nonce = drawNonce('attempt', core.random);
  const scopes = new Map<string, TaskScopeParts>();
  const life: Life = createLife([core.logger, attempt.logger], async (reason) => {
    await cancelWithPatience(core, scope, patience, { reason, log: life.log, jobs: attempt.externalJobs });
  });

  const scopeParts = (of: TaskScope): TaskScopeParts => {
    const path = scopePath(of);
    let known = scopes.get(path);
    if (!known) {
      const home = path === scopePath(scope) ? undefined : main;
      scopes.set(path, (known = { own: createOwnedScope(core, life, attempt, of, nonce, home), used: new Map() }));
    }
    return known;
  };
  const main: OwnedScope = scopeParts(scope).own;
  const waiting = createWaiting(core, life, attempt.release);
  const parts: ContextParts = {
    core,
    life,
    attempt,
    waiting,
    items: createItemIndex(core, main),
    assets: createWriter(UNFENCED, nonce),
    scopeParts,
  };
  const stop = attempt.signal ? onAbort(attempt.signal, () => life.abort(attempt.signal?.reason)) : (): void => undefined;
  return {
    context: createContext<Shape>(parts, scope),
    abort: life.abort,
    cancel: (reason, why = 'requested') => life.cancel(reason, why),
    pollNow: waiting.pollNow,
    failure: life.failure,
    interrupted: life.interrupted,
    async succeed() {
      await at(parts, 'G12');
      if (attempt.clearAfterSuccess === 'forever') return;
      const within = attempt.clearAfterSuccess;
      const settling = [...scopes.values()].filter(({ own }) => own.begun()).map(({ own }) => own.settle(within));
      for (const outcome of await Promise.allSettled(settling)) {
        if (outcome.status === 'rejected') {
          life.log.warn({ scope, err: outcome.reason }, 'the retention could not be shortened after success');
        }
      }
    },
    async fail() {
      if (![...scopes.values()].some(({ own }) => own.begun())) {
        await main.leaveTrace().catch((err: unknown) => {
          life.log.debug({ scope, err }, 'it could not be written down that this attempt used no state');
        });
      }
    },
    async [Symbol.asyncDispose]() {
      stop();
      await life.end();
    },
  };
}
