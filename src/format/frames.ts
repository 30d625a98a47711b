/**
 * Frames: how a stream lies in an object if it is compressed or encrypted. A value of any size is cut into pieces of equal size,
 * the last one shorter; each piece is encoded, then encrypted, alone. An object is its frames, one after the other, and nothing
 * else: 4 bytes of length, big endian, whose top bit says that the piece is not encoded; then so many bytes.
 */

/**
 * Bytes of the value in each frame that is written. The memory of reader and writer grows with it; smaller frames compress worse.
 */
export const FRAME_BYTES: number = 2 ** 20;

const HEAD = 4;
const NOT_ENCODED = 0x8000_0000;

/** One piece of a value, as it is stored. */
export interface Frame {
  /** Whether a codec encoded the piece. */
  encoded: boolean;
  bytes: Uint8Array;
}

/**
 * The most bytes that the frame of a piece of this size may have. Compression never makes a frame larger; encryption adds what it
 * needs to a frame, up to this.
 */
export function longestFrame(pieceBytes: number): number {
  return 2 * pieceBytes + 4_096;
}

/** The head of a frame. */
export function frameHead({ encoded, bytes }: Frame): Uint8Array {
  const head = new Uint8Array(HEAD);
  new DataView(head.buffer).setUint32(0, bytes.length + (encoded ? 0 : NOT_ENCODED));
  return head;
}

/**
 * The frames in the bytes of an object, however those are cut into chunks. Holds one frame at a time.
 *
 * @param longest - The most bytes that a frame may have.
 * @param damaged - Makes the error for bytes that are not frames.
 */
export async function* framesIn(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  longest: number,
  damaged: (problem: string) => Error,
): AsyncGenerator<Frame, void, undefined> {
  const head = new Uint8Array(HEAD);
  let part = { into: head, filled: 0 };
  let encoded = false;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length;) {
      const taken = chunk.subarray(at, at + part.into.length - part.filled);
      part.into.set(taken, part.filled);
      part.filled += taken.length;
      at += taken.length;
      if (part.filled < part.into.length) continue;
      if (part.into === head) {
        const word = new DataView(head.buffer).getUint32(0);
        encoded = word < NOT_ENCODED;
        const length = encoded ? word : word - NOT_ENCODED;
        if (length === 0 || length > longest) throw damaged(`has a frame of ${length} bytes`);
        if (at + length <= chunk.length) {
          // All of it is here, as mostly: no copy.
          yield { encoded, bytes: chunk.subarray(at, at + length) };
          at += length;
          part = { into: head, filled: 0 };
        } else part = { into: new Uint8Array(length), filled: 0 };
      } else {
        yield { encoded, bytes: part.into };
        part = { into: head, filled: 0 };
      }
    }
  }
  if (part.into !== head || part.filled > 0) throw damaged('ends within a frame');
}
