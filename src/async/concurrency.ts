import { untilAborted } from './abort.ts';

/** Limits how much work runs at the same time. */

/** Runs work once it is its turn. A wait that is aborted rejects with the signal's reason. */
export type Queue = <T>(signal: AbortSignal | undefined, work: () => Promise<T>) => Promise<T>;

/** A queue that lets at most this many run at the same time. The others wait in the order in which they came. */
export function createQueue(most: number): Queue {
  let free = most;
  const waiting = new Set<() => void>();
  const leave = (): void => {
    const [next] = waiting;
    if (!next) {
      free += 1;
      return;
    }
    waiting.delete(next);
    next();
  };
  const enter = async (signal: AbortSignal | undefined): Promise<void> => {
    let begin = (): void => undefined;
    const turn = new Promise<void>((resolve) => {
      begin = resolve;
    });
    waiting.add(begin);
    await untilAborted(turn, signal).catch((error: unknown) => {
      // If the turn came at the same moment, it passes to the next.
      if (!waiting.delete(begin)) leave();
      throw error;
    });
  };
  return async (signal, work) => {
    if (free > 0) free -= 1;
    else await enter(signal);
    try {
      return await work();
    } finally {
      leave();
    }
  };
}

/** How many objects are fetched or put at the same time for one call. */
const AT_ONCE = 8;

/**
 * Runs `work` for each item, a few at a time, and resolves with the results in the order of the items. After a failure it begins
 * no further item, and rejects once those that were begun have ended.
 *
 * @defaultValue `most` is 8
 */
export async function concurrently<Item, Result>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<Result>,
  most: number = AT_ONCE,
): Promise<Result[]> {
  const results: Result[] = [];
  let failure: { error: unknown } | undefined;
  const left = items.entries();
  // As many loops as may run, not a promise for each item: there may be a hundred thousand.
  const loop = async (): Promise<void> => {
    for (const [index, item] of left) {
      if (failure) return;
      try {
        results[index] = await work(item, index);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(most, items.length) }, loop));
  if (failure) throw failure.error;
  return results;
}
