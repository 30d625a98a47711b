import { transferTime } from '../../async/transfer.ts';
import type { Progress } from '../../object-store/progress.ts';
import type { Internals } from '../internals.ts';

/**
 * A body on its way into an object store, and a deadline that counts only while the store has the turn. A source may be as slow
 * as it likes. A store that makes no progress is given up. It gets time for all bytes that it took, less those that it says have
 * arrived.
 */
export interface WatchedBody {
  /** For the store. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Whether the store has taken all of it. */
  readonly ended: boolean;
  /** The error of the source. */
  readonly failure: { error: unknown } | undefined;
  /** The milliseconds that the store had, and needed more. */
  readonly late: number | undefined;
  /** What a store calls when the server has so many bytes more. */
  readonly moved: Progress;
  /** Stops watching. */
  end(): void;
}

/** What a store may be doing while it says nothing: four parts that go out at the same time, and the call that completes them. */
const CALLS = 5;
/**
 * For each so many bytes a store gets the time of one more call at the end, in which it joins thousands of parts.
 */
const END_BYTES = 2 ** 30;

/** Watches from now on; `onLate` is called at most once. */
export function watchedBody(
  { timer, commandTimeout, minTransferRate }: Pick<Internals, 'timer' | 'commandTimeout' | 'minTransferRate'>,
  bytes: AsyncIterable<Uint8Array>,
  onLate: () => void,
): WatchedBody {
  let over = false;
  let stop = (): void => undefined;
  let asked = 0;
  let taken = 0;
  let moved = 0;
  const storesTurn = (): void => {
    if (over || asked > 0) return;
    stop();
    const calls = CALLS + (watch.ended ? Math.floor(taken / END_BYTES) : 0);
    const ms = transferTime(calls * commandTimeout, Math.max(taken - moved, 0), minTransferRate);
    stop = timer(ms, () => {
      watch.late = ms;
      onLate();
    });
  };
  const next = async (source: AsyncIterator<Uint8Array>): Promise<IteratorResult<Uint8Array>> => {
    asked += 1;
    stop();
    try {
      const step = await source.next();
      watch.ended ||= step.done === true;
      if (!step.done) taken += step.value.length;
      return step;
    } catch (error) {
      watch.failure ??= { error };
      throw error;
    } finally {
      asked -= 1;
      storesTurn();
    }
  };
  const watch: { -readonly [Name in keyof WatchedBody]: WatchedBody[Name] } = {
    body: {
      [Symbol.asyncIterator]() {
        const source = bytes[Symbol.asyncIterator]();
        return {
          next: () => next(source),
          async return() {
            await source.return?.();
            return { done: true, value: undefined };
          },
        };
      },
    },
    ended: false,
    failure: undefined,
    late: undefined,
    moved(bytes = 0) {
      moved += bytes;
      storesTurn();
    },
    end() {
      over = true;
      stop();
    },
  };
  storesTurn();
  return watch;
}
