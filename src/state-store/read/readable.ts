import { Readable } from 'node:stream';

/**
 * Chunks as a stream of Node. Takes the next chunk when the reader asks for one; ends with the signal's reason when that aborts.
 *
 * @param left - Called when the stream is over, however it ended. Must end a chunk that is being waited for.
 */
export function readableOf(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal, left: () => void): Readable {
  const source = chunks[Symbol.asyncIterator]();
  const readable = new Readable({
    read() {
      source.next().then(
        (step) => this.push(step.done ? null : step.value),
        (error: unknown) => this.destroy(error as Error),
      );
    },
    destroy(error, done) {
      signal.removeEventListener('abort', abort);
      left();
      done(error);
    },
  });
  const abort = (): void => void readable.destroy(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  return readable;
}
