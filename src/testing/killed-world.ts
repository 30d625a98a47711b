import { abortController, joined, onAbort } from '../async/abort.ts';
import type { Timer } from '../async/deadline.ts';
import type { Clock } from '../async/clock.ts';
import type { Gap } from '../job/protocol/crash-point.ts';
import type { OpenMetastore } from '../metastore/metastore.ts';
import { wrapOperations, type OperationName } from '../metastore/operations.ts';
import type { Internals } from '../state-store/internals.ts';

/**
 * The world of one attempt, which can end like a killed process. Then whatever it waits for never comes, whatever it does next
 * does not happen, and nothing of it is left running.
 */

/** The rejection of a killed attempt. */
export class KilledError extends Error {
  /** Where. */
  readonly gap: Gap;
  constructor(gap: Gap) {
    super(`the attempt was killed in gap ${gap}`);
    this.name = 'KilledError';
    this.gap = gap;
  }
}

/** A world that may end. */
export interface KillableWorld {
  /** The parts of a store's core that belong to it. */
  readonly parts: Pick<Internals, 'metastore' | 'clock' | 'timer' | 'crashPoint' | 'track' | 'enter' | 'leave'>;
  /** Rejects with `KilledError` when the world ends. */
  readonly killed: Promise<never>;
  /** Whether the world has ended. */
  isOver(): boolean;
}

/** A world around the internals of a store, which ends when a gap is reached. */
export function killableWorld(core: Internals, killAt: Gap | undefined): KillableWorld {
  const end = abortController();
  const killed = new Promise<never>((_, reject) => {
    onAbort(end.signal, () => reject(end.signal.reason as KilledError));
  });
  killed.catch(() => undefined);
  const isOver = (): boolean => end.signal.aborted;

  const inWorld = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isOver()) return forever();
    try {
      const value = await work();
      return isOver() ? await forever() : value;
    } catch (error) {
      if (isOver()) return forever();
      throw error;
    }
  };

  const clock: Clock = {
    ...core.clock,
    sleep: (ms, own) => {
      const { signal, leave } = joined(end.signal, own);
      return inWorld(() => core.clock.sleep(ms, signal)).finally(leave);
    },
  };
  const timer: Timer = (ms, fire) => {
    const stop = core.timer(ms, () => {
      leave();
      if (!isOver()) fire();
    });
    const leave = onAbort(end.signal, stop);
    return () => {
      leave();
      stop();
    };
  };
  return {
    parts: {
      metastore: guarded(core.metastore, inWorld),
      clock,
      timer,
      // Not counted in the store: a promise that never ends must not keep it from closing.
      track: (operation) => inWorld(async () => operation()),
      enter: () => undefined,
      leave: () => undefined,
      crashPoint: async (gap) => {
        await core.crashPoint?.(gap);
        if (gap === killAt && !isOver()) end.abort(new KilledError(gap));
        if (isOver()) await forever();
      },
    },
    killed,
    isOver,
  };
}

function forever(): Promise<never> {
  return new Promise<never>(() => undefined);
}

/** Operations that return an iterable, which stays unchanged. */
const ITERATED: ReadonlySet<OperationName> = new Set<OperationName>(['values.list', 'scopes.paths', 'sweep.due']);

/** Every call goes through `inWorld`. */
function guarded(metastore: OpenMetastore, inWorld: <T>(work: () => Promise<T>) => Promise<T>): OpenMetastore {
  return wrapOperations(metastore, (operation, name) =>
    ITERATED.has(name) ? operation : (...given) => inWorld(async () => operation(...given)),
  );
}
