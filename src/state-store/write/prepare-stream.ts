import { createHash } from 'node:crypto';
import { types } from 'node:util';
import { abortController, joined, onAbort } from '../../async/abort.ts';
import type { EntryMeta, Reference } from '../../format/entry.ts';
import {
  CorruptEntryError,
  InvalidValueError,
  StoreUnavailableError,
  ValueTooLargeError,
  type ErrorContext,
} from '../../model/errors/store.ts';
import { LATENESS } from '../../metastore/metastore.ts';
import type { Internals } from '../internals.ts';
import { FRAME_BYTES } from '../../format/frames.ts';
import { storeClosed } from '../in-flight.ts';
import type { ObjectCall } from '../objects/calls.ts';
import { newObject, type ValuePut } from '../objects/new-object.ts';
import { openBody } from '../objects/body.ts';
import { chunksOf } from '../../async/chunks.ts';
import { piecesOf, type Piece } from '../../async/rechunk.ts';
import { offloaded, prepareSerialized, referenceTo, type Prepared } from './prepare-value.ts';
import { putStream } from '../objects/put.ts';
import { encodeFrame } from '../objects/transcode.ts';
import { verified } from '../objects/verified.ts';

/**
 * The first half of writing a stream. A short stream is a value like any other. A longer one is put while it comes, in constant
 * memory: plain, or in frames if it is compressed or encrypted. A write that takes too long is ended, and a source that has not
 * ended does not keep the store from closing.
 */

/**
 * Prepares a stream for a write.
 *
 * @param alive - Rejects once the writer may no longer write.
 * @throws {@link InvalidValueError} {@link ValueTooLargeError} {@link StoreUnavailableError} {@link CodecUnavailableError}; whatever
 *   the body throws.
 */
export async function prepareStream(put: ValuePut, body: AsyncIterable<Uint8Array>, alive: () => unknown): Promise<Prepared> {
  const { core, address, call } = put;
  const stop = abortController();
  const { signal, leave } = joined(stop.signal, call.signal);
  const inTime = core.timer(LATENESS, () => stop.abort(lateWrite(address)));
  const sourceEnded = onAbort(core.closing, () => stop.abort(storeClosed()));
  const pieces = piecesOf(checked(chunksOf(body, signal), address), FRAME_BYTES);
  try {
    const begin = await gather(pieces, wholeLimit(core));
    if (begin.ended) {
      sourceEnded();
      const whole = Buffer.concat(begin.pieces);
      return await prepareSerialized(put, { type: 'bytes', body: whole, size: whole.length });
    }
    const store = core.objectStore;
    if (!store) {
      const hint = 'give the store an objectStore, in which a stream may have any size, or raise it';
      throw new ValueTooLargeError(begin.bytes, core.maxValueBytes, hint, address);
    }
    const source = inTurn(begin.pieces, pieces, alive, sourceEnded);
    const at = { store, where: address, call: { signal } };
    return offloaded(put, at, await putPieces({ ...put, call: at.call }, at, source));
  } finally {
    inTime();
    sourceEnded();
    stop.abort();
    leave();
    void pieces.return();
  }
}

/** The chunks of a user's stream. */
async function* checked(chunks: AsyncIterable<unknown>, where: ErrorContext): AsyncGenerator<Uint8Array, void, undefined> {
  let index = 0;
  for await (const chunk of chunks) {
    if (!types.isUint8Array(chunk)) {
      const what = chunk === null || chunk === undefined ? String(chunk) : `of type ${typeof chunk}`;
      throw new InvalidValueError(`$[${index}]`, `is ${what}: a stream is made of chunks that are each a Uint8Array`, where);
    }
    yield chunk;
    index += 1;
  }
}

/** The error for a write that took so long that a copy of it could not be told from a new write. */
export function lateWrite(where: ErrorContext): StoreUnavailableError {
  return new StoreUnavailableError('the write took longer than writes may take, from its beginning to its commit', where);
}

/** From this many bytes on, a stream is not held as a whole. */
function wholeLimit({ objectStore, offloadThreshold, maxValueBytes }: Internals): number {
  if (!objectStore) return maxValueBytes + 1;
  return Math.max(FRAME_BYTES, Math.min(offloadThreshold, maxValueBytes + 1));
}

/** Takes pieces until they have this many bytes, or there are no more. */
async function gather(
  source: AsyncIterator<Piece, void>,
  limit: number,
): Promise<{ pieces: Uint8Array[]; bytes: number; ended: boolean }> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  while (bytes < limit) {
    const step = await source.next();
    if (step.done) return { pieces, bytes, ended: true };
    pieces.push(step.value.bytes);
    bytes += step.value.bytes.length;
  }
  return { pieces, bytes, ended: false };
}

async function* inTurn(
  first: Uint8Array[],
  rest: AsyncIterable<Piece>,
  alive: () => unknown,
  ended: () => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  // Each piece is released once it was sent.
  for (let piece = first.shift(); piece; piece = first.shift()) yield piece;
  for await (const { bytes } of rest) {
    await alive();
    yield bytes;
  }
  ended();
}

async function putPieces(
  put: ValuePut,
  at: ObjectCall,
  pieces: AsyncIterable<Uint8Array>,
): Promise<EntryMeta & { ref: Reference }> {
  const { core } = put;
  const codec = core.codec?.name ?? 'none';
  const framed = core.codec !== undefined || core.encryption !== undefined;
  const target = await newObject(put, { type: 'bytes', codec, framed });
  const { object } = target;
  const hash = createHash('sha256');
  let size = 0;
  let storedSize = 0;
  const bytes = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const piece of pieces) {
      const parts = framed ? await encodeFrame(core, at, piece, `${object}/${Math.floor(size / FRAME_BYTES)}`) : [piece];
      size += piece.length;
      for (const part of parts) {
        hash.update(part);
        storedSize += part.length;
        yield part;
      }
    }
  };
  let ref: Reference | undefined;
  const reference = (): Reference => {
    const frames = framed && { frames: FRAME_BYTES };
    return (ref ??= referenceTo(core, at, { object, codec }, { ...frames, storedSize, sha256: hash.digest('hex') }));
  };
  await putStream(core, at, target, bytes(), () => holds(core, at, reference()));
  return { type: 'bytes', size, ref: reference() };
}

/** Whether the object holds exactly the bytes that were made. Reads all of it. */
async function holds(core: Internals, at: ObjectCall, ref: Reference): Promise<boolean> {
  try {
    const body = await openBody(core, at, ref);
    if (!body) return false;
    for await (const _ of verified(body, ref, at.where));
    return true;
  } catch (error) {
    if (error instanceof CorruptEntryError) return false;
    throw error;
  }
}
