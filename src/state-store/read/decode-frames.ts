import type { EntryMeta, Reference } from '../../format/entry.ts';
import { CorruptEntryError, type ErrorContext } from '../../model/errors/store.ts';
import type { Decoder } from './decode.ts';
import { framesIn, longestFrame } from '../../format/frames.ts';

/** A reference to an object that is made of frames. */
export type FramedReference = Reference & { frames: number };

/** Whether the object of a reference is made of frames. */
export function isFramed(ref: Reference): ref is FramedReference {
  return ref.frames !== undefined;
}

/**
 * The pieces of a value, in order, from the bytes of an object that is made of frames. Each frame stands for exactly the bytes that
 * its place in the value has, so neither a frame nor their number can make a reader hold more.
 *
 * @throws {@link CorruptEntryError}
 */
export async function* decodeFrames(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { size }: EntryMeta,
  { object, frames }: FramedReference,
  decode: Decoder,
  where: ErrorContext,
): AsyncGenerator<Uint8Array, void, undefined> {
  const damaged = (problem: string): CorruptEntryError => new CorruptEntryError(`the object ${object} ${problem}`, where);
  let done = 0;
  for await (const { encoded, bytes } of framesIn(chunks, longestFrame(frames), damaged)) {
    const expected = Math.min(frames, size - done);
    if (expected === 0) throw damaged(`goes on after the ${size} bytes of its value`);
    yield await decode({ bytes, encoded, size: expected, path: `${object}/${Math.floor(done / frames)}` });
    done += expected;
  }
  if (done !== size) throw damaged(`ends after ${done} of the ${size} bytes of its value`);
}
