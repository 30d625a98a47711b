import { chunksOf } from './chunks.ts';

/** Cuts chunks of any sizes into pieces of one size, such as frames of a value or parts of an upload. */

/** A piece. */
export interface Piece {
  bytes: Uint8Array;
  /** Whether it ends the body. */
  last: boolean;
  /** Frees its memory for reuse. Call it only once nobody reads the piece any more. */
  release(): void;
}

/**
 * A body in pieces of one size, of which the last one may be shorter. An empty body is one empty piece. The bytes of a stream are
 * copied, since a source may reuse its buffers. A piece of a stream is given out once it is full and more came, or at the end.
 *
 * @throws the signal's reason, even while the source gives nothing; whatever the source throws.
 */
export async function* piecesOf(
  body: Uint8Array | AsyncIterable<Uint8Array>,
  size: number,
  signal?: AbortSignal,
): AsyncGenerator<Piece, void, undefined> {
  if (body instanceof Uint8Array) yield* slicesOf(body, size);
  else yield* copiesOf(chunksOf(body, signal), size);
}

function* slicesOf(body: Uint8Array, size: number): Generator<Piece, void, undefined> {
  for (let at = 0, last = false; !last; at += size) {
    last = at + size >= body.length;
    yield { bytes: body.subarray(at, at + size), last, release: () => undefined };
  }
}

async function* copiesOf(chunks: AsyncIterable<Uint8Array>, size: number): AsyncGenerator<Piece, void, undefined> {
  const free: Uint8Array[] = [];
  let buffer: Uint8Array = new Uint8Array(size);
  let filled = 0;
  const piece = (last: boolean): Piece => {
    const used = buffer;
    return { bytes: used.subarray(0, filled), last, release: () => free.push(used) };
  };
  for await (const chunk of chunks) {
    for (let taken = 0; taken < chunk.length;) {
      if (filled === size) {
        yield piece(false);
        buffer = free.pop() ?? new Uint8Array(size);
        filled = 0;
      }
      const part = chunk.subarray(taken, taken + size - filled);
      buffer.set(part, filled);
      filled += part.length;
      taken += part.length;
    }
  }
  yield piece(true);
}
