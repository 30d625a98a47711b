import { createWriter, drawNonce, UNFENCED } from '../fence.ts';
import { scopePath } from '../path.ts';
import type { TaskScope } from '../scope.ts';
import { coreOf } from '../state-store/core.ts';
import type { StateStore } from '../state-store/state-store.ts';
import type { AnyShape, StateShape } from '../value.ts';
import { resolveAttempt, type AttemptOptions } from './attempt-options.ts';
import { createContext, type ContextParts, type TaskScopeParts } from './context.ts';
import { startHeartbeat } from './heartbeat.ts';
import { createLife } from './life.ts';
import { createOwnedScope } from './owned-scope.ts';
import { at } from './run.ts';
import type { TaskContext } from './task-context.ts';
import { createWaiting } from './waiting.ts';

/** One attempt of one task, from its first use of state to its end. */
export interface Attempt<Shape extends StateShape<Shape> = AnyShape> extends AsyncDisposable {
  /** What the task is given; of use until the attempt is disposed. */
  readonly context: TaskContext<Shape>;
  /**
   * The runtime has completed the job: its state ends after `clearAfterSuccess`. May be called after the attempt was disposed;
   * never rejects, since a task that succeeded must not fail here.
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
  /** Ends the attempt, whose context is of no use then, and waits until nothing of it goes on. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * The door of the adapters: begins one attempt of one task. Does no I/O, so that an adapter can hand out its context at once; the
 * attempt takes its fence at the first use of state.
 *
 * @throws {@link ConfigError} {@link InvalidKeyError}
 */
export function beginAttempt<Shape extends StateShape<Shape> = AnyShape>(
  store: StateStore,
  options: AttemptOptions,
): Attempt<Shape> {
  const core = coreOf(store);
  const attempt = resolveAttempt(options);
  const life = createLife([core.logger, attempt.logger]);
  const { heartbeat } = attempt;
  const nonce = drawNonce('attempt', core.random);
  const scopes = new Map<string, TaskScopeParts>();
  let beating = false;

  const onBegin = (): void => {
    if (beating || !heartbeat) return;
    beating = true;
    startHeartbeat(core.timer, life, heartbeat, { scope: attempt.scope });
  };
  const scopeParts = (scope: TaskScope): TaskScopeParts => {
    const path = scopePath(scope);
    const known = scopes.get(path);
    if (known) return known;
    const parts = { own: createOwnedScope(core, life, attempt, scope, nonce, onBegin), used: new Map(), sent: new Map() };
    scopes.set(path, parts);
    return parts;
  };

  const parts: ContextParts = {
    core,
    life,
    attempt,
    waiting: createWaiting(core, life, attempt.release),
    assets: createWriter(UNFENCED, nonce),
    scopeParts,
  };
  const stop = follow(attempt.signal, life.abort);
  return {
    context: createContext<Shape>(parts, attempt.scope),
    abort: life.abort,
    cancel: (reason, why = 'requested') => life.cancel(reason, why),
    async succeed() {
      await at(parts, 'G12');
      if (attempt.clearAfterSuccess === 'forever') return;
      const within = attempt.clearAfterSuccess;
      const settling = [...scopes.values()].filter(({ own }) => own.begun()).map(({ own }) => own.settle(within));
      for (const outcome of await Promise.allSettled(settling)) {
        if (outcome.status === 'rejected') {
          life.log.warn({ scope: attempt.scope, err: outcome.reason }, 'the retention could not be shortened after success');
        }
      }
    },
    async [Symbol.asyncDispose]() {
      stop();
      await life.end();
    },
  };
}

/** Returns what stops it. */
function follow(signal: AbortSignal | undefined, abort: (reason: unknown) => void): () => void {
  if (!signal) return () => undefined;
  const listen = (): void => abort(signal.reason);
  if (signal.aborted) listen();
  signal.addEventListener('abort', listen, { once: true });
  return () => signal.removeEventListener('abort', listen);
}
