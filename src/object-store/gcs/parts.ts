import { chunksOf } from '../../async/chunks.ts';

/** A part of a body. */
export interface BodyPart {
  bytes: Uint8Array;
  last: boolean;
}

/**
 * A body in parts of one size, the last one shorter; an empty body is one empty part. A part is handed out once more came, or at the
 * end.
 *
 * @throws the signal's reason, or whatever the source throws.
 */
export async function* partsOf(
  body: Uint8Array | AsyncIterable<Uint8Array>,
  size: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<BodyPart, void, undefined> {
  let held: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunksOf(body, signal)) {
    // A source may fill its buffer again.
    let rest = body instanceof Uint8Array ? chunk : new Uint8Array(chunk);
    while (length + rest.length > size) {
      yield { bytes: joined([...held, rest.subarray(0, size - length)]), last: false };
      rest = rest.subarray(size - length);
      held = [];
      length = 0;
    }
    held.push(rest);
    length += rest.length;
  }
  yield { bytes: joined(held), last: true };
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  return chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks);
}
