import { createHash } from 'node:crypto';
import type { Reference } from '../../format/entry.ts';
import { CorruptEntryError, type ErrorContext } from '../../model/errors/store.ts';

/** Whether the bytes of an object are those that were written, by their number and their digest. */

/**
 * Checks the bytes of an object against its reference.
 *
 * @throws {@link CorruptEntryError}
 */
export function verify(body: Uint8Array, ref: Reference, where: ErrorContext): void {
  if (body.length !== ref.storedSize) throw wrongSize(ref, body.length, where);
  if (createHash('sha256').update(body).digest('hex') !== ref.sha256) throw wrongBytes(ref, where);
}

/**
 * The chunks of an object as they come. The last chunk is held back until all are verified; if they are wrong, the stream throws
 * instead of ending. So a reader that has all of the bytes has the right ones.
 *
 * @throws {@link CorruptEntryError}
 */
export async function* verified(
  chunks: AsyncIterable<Uint8Array>,
  ref: Reference,
  where: ErrorContext,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = createHash('sha256');
  let size = 0;
  let held: Uint8Array | undefined;
  for await (const chunk of chunks) {
    if (held) yield held;
    held = chunk;
    size += chunk.length;
    hash.update(chunk);
  }
  if (size !== ref.storedSize) throw wrongSize(ref, size, where);
  if (hash.digest('hex') !== ref.sha256) throw wrongBytes(ref, where);
  if (held) yield held;
}

function wrongSize({ object, storedSize }: Reference, size: number, where: ErrorContext): CorruptEntryError {
  return new CorruptEntryError(`the object ${object} has ${size} bytes, its entry says ${storedSize}`, where);
}

function wrongBytes({ object }: Reference, where: ErrorContext): CorruptEntryError {
  return new CorruptEntryError(`the object ${object} does not hold the bytes that were written`, where);
}
