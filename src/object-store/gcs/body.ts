import type { Readable } from 'node:stream';
import type { Timer } from '../../async/deadline.ts';
import type { Progress } from '../progress.ts';

/**
 * A body of the client, taken whole. To stop one half-way would close the connections of all the client's other requests, also of
 * uploads. In older versions of the client a body that breaks off never ends. So an unwanted body is still read to its end in the
 * background, and a stalled one is given up.
 */

/** Milliseconds without a byte of a body that has begun. */
const STALLED = 5_000;

/** An answer that ended before its end. */
export const CUT_SHORT = 'cut short';

/** Headers of an answer, by their names in small letters. */
export type Headers = Readonly<Record<string, string | undefined>>;

/** What was read. */
export interface WholeBody {
  readonly bytes: Uint8Array;
  readonly headers: Headers;
}

/**
 * Reads a body.
 *
 * @param progress - Called for all bytes that come.
 * @throws what the client throws, the signal's reason, or an error with the code {@link CUT_SHORT}.
 */
export function readBody(
  stream: Readable,
  timer: Timer,
  signal: AbortSignal | undefined,
  progress: Progress = () => undefined,
): Promise<WholeBody> {
  return new Promise((resolve, reject) => {
    let chunks: Uint8Array[] = [];
    let headers: Headers = {};
    let stopWaiting = (): void => undefined;
    let isOver = false;
    const end = (settle: () => void): void => {
      isOver = true;
      chunks = [];
      stopWaiting();
      signal?.removeEventListener('abort', abort);
      settle();
    };
    const abort = (): void => end(() => reject(signal?.reason as Error));
    const giveUp = (): void => end(() => reject(Object.assign(new Error(CUT_SHORT), { code: CUT_SHORT })));
    const wait = (): void => {
      stopWaiting();
      if (!isOver) stopWaiting = timer(STALLED, giveUp);
    };
    signal?.addEventListener('abort', abort, { once: true });
    stream
      .on('response', (head: { headers?: Headers }) => {
        headers = head.headers ?? {};
        wait();
      })
      .on('data', (chunk: Uint8Array) => {
        if (!isOver) chunks.push(chunk);
        wait();
        progress();
      })
      .on('error', (error) => end(() => reject(error)))
      .on('end', () => {
        const bytes = Buffer.concat(chunks);
        end(() => resolve({ bytes, headers }));
      })
      .on('close', giveUp);
  });
}
