import { concurrently } from '../async/concurrency.ts';
import type { CallOptions } from '../async/deadline.ts';
import { sideBySide } from '../async/shared-signal.ts';
import { progressOf } from './progress.ts';

/**
 * Deletes one object at a time, or several at the same time, if a store has no request for several. A failure is reported, and
 * the rest is done.
 *
 * @param deleteOne - Does not fail for a missing object.
 * @throws the signal's reason.
 */
export function deleteEach(
  keys: readonly string[],
  call: CallOptions,
  deleteOne: (key: string, call: CallOptions) => Promise<unknown>,
  lanes: number = 1,
): Promise<{ key: string; error: unknown }[]> {
  const progress = progressOf(call);
  return sideBySide(call, async (own) => {
    const tryOne = async (key: string): Promise<{ key: string; error: unknown }[]> => {
      own.signal?.throwIfAborted();
      try {
        await deleteOne(key, own);
        progress();
        return [];
      } catch (error) {
        own.signal?.throwIfAborted();
        return [{ key, error }];
      }
    };
    return (await concurrently(keys, tryOne, lanes)).flat();
  });
}
