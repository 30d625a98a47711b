import { ConfigError } from '../../model/errors/store.ts';
import { chunksOf } from '../../async/chunks.ts';

/** A body as parts of one size, the last one shorter. The bytes of a stream are copied, into buffers that go around. */

/** A part of a body. */
export interface BodyPart {
  bytes: Uint8Array;
  last: boolean;
  /** Lets its buffer be filled again: only once nothing sends from it any more. */
  release(): void;
}

/** S3 takes no more: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const MOST_PARTS = 10_000;

/** What is thrown at a body of more parts. */
function tooManyParts(partSize: number): ConfigError {
  return new ConfigError('partSize', `must be larger for a body of more than ${MOST_PARTS * partSize} bytes`, partSize);
}

/**
 * The parts of a body; an empty one has one empty part. A part of a stream is handed out once it is full and more came, or at the end.
 *
 * @throws {@link ConfigError} for a body of more than 10,000 parts, as soon as that shows; whatever the source throws.
 */
export async function* partsOf(
  body: Uint8Array | AsyncIterable<Uint8Array>,
  partSize: number,
  signal: AbortSignal,
): AsyncGenerator<BodyPart, void, undefined> {
  if (body instanceof Uint8Array) yield* slices(body, partSize);
  else yield* filled(chunksOf(body, signal), partSize);
}

function* slices(body: Uint8Array, partSize: number): Generator<BodyPart, void, undefined> {
  if (body.length > MOST_PARTS * partSize) throw tooManyParts(partSize);
  for (let at = 0, last = false; !last; at += partSize) {
    last = at + partSize >= body.length;
    yield { bytes: body.subarray(at, at + partSize), last, release: () => undefined };
  }
}

async function* filled(chunks: AsyncIterable<Uint8Array>, partSize: number): AsyncGenerator<BodyPart, void, undefined> {
  const free: Uint8Array[] = [];
  let buffer: Uint8Array = new Uint8Array();
  let at = 0;
  let parts = 0;
  const part = (last: boolean): BodyPart => {
    const used = buffer;
    return { bytes: used.subarray(0, at), last, release: () => free.push(used) };
  };
  for await (const chunk of chunks) {
    for (let taken = 0; taken < chunk.length;) {
      if (at === buffer.length) {
        if (parts === MOST_PARTS) throw tooManyParts(partSize);
        if (parts > 0) yield part(false);
        parts += 1;
        buffer = free.pop() ?? Buffer.allocUnsafeSlow(partSize);
        at = 0;
      }
      const piece = chunk.subarray(taken, taken + buffer.length - at);
      buffer.set(piece, at);
      at += piece.length;
      taken += piece.length;
    }
  }
  yield part(true);
}
