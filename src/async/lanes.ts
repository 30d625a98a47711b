import { abortController, type CallOptions } from './deadline.ts';

/**
 * Runs `work` for each item, a few at a time, with a signal that takes as many listeners as that needs. After a failure no further
 * one is begun, and it rejects once those that were begun have ended.
 */
export async function inLanes<Item>(
  lanes: number,
  items: readonly Item[],
  { signal }: CallOptions,
  work: (item: Item, call: Required<CallOptions>, index: number) => Promise<void>,
): Promise<void> {
  const own = abortController();
  const abort = (): void => own.abort(signal?.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  const left = items.entries();
  const failures: unknown[] = [];
  const lane = async (): Promise<void> => {
    for (const [index, item] of left) {
      if (failures.length > 0) return;
      await work(item, { signal: own.signal }, index).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane));
  signal?.removeEventListener('abort', abort);
  if (failures.length > 0) throw failures[0];
}
