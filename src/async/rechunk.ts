import { types } from 'node:util';
import { untilAborted } from './deadline.ts';
import { InvalidValueError, type ErrorContext } from '../model/errors/store.ts';

/**
 * A user's stream, cut into pieces of one size, however it comes. What is yielded is a copy: a source may use its buffers again.
 * Ends when the signal aborts, also while the source gives nothing; a source that is left early is told to stop.
 *
 * @throws {@link InvalidValueError} for a chunk that is no `Uint8Array`; the signal's reason; whatever the source throws.
 */
export async function* piecesOf(
  body: AsyncIterable<Uint8Array>,
  size: number,
  where: ErrorContext,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  let piece = new Uint8Array(size);
  let filled = 0;
  let index = 0;
  for await (const chunk of chunksOf(body, signal)) {
    requireChunk(chunk, index, where);
    index += 1;
    for (let at = 0; at < chunk.length;) {
      const taken = chunk.subarray(at, at + size - filled);
      piece.set(taken, filled);
      filled += taken.length;
      at += taken.length;
      if (filled < size) continue;
      yield piece;
      piece = new Uint8Array(size);
      filled = 0;
    }
  }
  if (filled > 0) yield piece.subarray(0, filled);
}

async function* chunksOf(body: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<unknown, void, undefined> {
  signal.throwIfAborted();
  const source = body[Symbol.asyncIterator]();
  let ended = false;
  try {
    for (;;) {
      const step = await untilAborted(Promise.resolve(source.next()), signal);
      ended = step.done === true;
      if (ended) return;
      yield step.value;
    }
  } finally {
    // Not waited for: a source that hangs may hang in this too.
    if (!ended) void Promise.resolve(source.return?.()).catch(() => undefined);
  }
}

function requireChunk(chunk: unknown, index: number, where: ErrorContext): asserts chunk is Uint8Array {
  if (types.isUint8Array(chunk)) return;
  const what = chunk === null || chunk === undefined ? String(chunk) : `of type ${typeof chunk}`;
  throw new InvalidValueError(`$[${index}]`, `is ${what}: a stream is made of chunks that are each a Uint8Array`, where);
}
