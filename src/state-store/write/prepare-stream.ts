import { createHash } from 'node:crypto';
import { types } from 'node:util';
import { abortController, joined, onAbort } from '../../async/abort.ts';
import type { EntryMeta, Reference } from '../../format/entry.ts';
import {
  ConfigError,
  CorruptEntryError,
  InvalidValueError,
  StoreUnavailableError,
  ValueTooLargeError,
  type ErrorContext,
} from '../../model/errors/store.ts';
import { LATENESS } from '../../metastore/metastore.ts';
import type { StoreCore } from '../internals.ts';
import { encode, encrypt } from './encode.ts';
import { FRAME_BYTES, frameHead, longestFrame } from '../../format/frames.ts';
import { storeClosed } from '../in-flight.ts';
import type { ObjectCall } from '../objects/calls.ts';
import { newObject, type ValuePut } from '../objects/new-object.ts';
import { openBody } from '../objects/body.ts';
import { chunksOf } from '../../async/chunks.ts';
import { piecesOf } from '../../async/rechunk.ts';
import { offloaded, prepareSerialized, referenceTo, type Prepared } from './prepare-value.ts';
import { putStream } from '../objects/put.ts';
import { verified } from '../read/verified.ts';

/**
 * The first half of writing a stream. What ends early enough is a value like any other; what goes on is put while it comes, in
 * constant memory: as it is, or in frames where it is compressed or encrypted. What would be refused as late is ended when its time is
 * over, and a source that has not ended does not keep the store from closing.
 */

/**
 * Prepares a stream for a write.
 *
 * @param alive - Rejects once whoever writes may no longer.
 * @throws {@link InvalidValueError} {@link ValueTooLargeError} {@link StoreUnavailableError} {@link CodecUnavailableError}; whatever
 *   the body throws.
 */
export async function prepareStream(
  put: ValuePut,
  body: AsyncIterable<Uint8Array>,
  alive: () => Promise<unknown>,
): Promise<Prepared> {
  const { core, address, call } = put;
  const stop = abortController();
  const { signal, leave } = joined(stop.signal, call.signal);
  const inTime = core.timer(LATENESS, () => stop.abort(lateWrite(address)));
  const sourceEnded = onAbort(core.closing, () => stop.abort(storeClosed()));
  const pieces = piecesIn(chunksOf(body, signal), address);
  try {
    const begin = await gather(pieces, wholeLimit(core));
    if (begin.ended) {
      sourceEnded();
      const value = { type: 'bytes', bytes: Buffer.concat(begin.pieces) } as const;
      return await prepareSerialized(put, value);
    }
    const store = core.objectStore;
    if (!store) {
      const hint = 'give the store an objectStore, where a stream may have any size, or raise it';
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

/** The bytes of a user's stream, each piece but the last as long as a frame. */
async function* piecesIn(chunks: AsyncIterable<unknown>, where: ErrorContext): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const { bytes } of piecesOf(checked(chunks, where), FRAME_BYTES)) if (bytes.length > 0) yield bytes;
}

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

/** The refusal of a write that took so long that a copy of it could no longer be told from a new one. */
export function lateWrite(where: ErrorContext): StoreUnavailableError {
  return new StoreUnavailableError('the write took longer than writes may take, from its beginning to its commit', where);
}

/** From so many bytes on a stream is not held as a whole. */
function wholeLimit({ objectStore, offloadThreshold, maxValueBytes }: StoreCore): number {
  if (!objectStore) return maxValueBytes + 1;
  return Math.max(FRAME_BYTES, Math.min(offloadThreshold, maxValueBytes + 1));
}

interface Gathered {
  pieces: Uint8Array[];
  bytes: number;
  ended: boolean;
}

/** Takes pieces until there are so many bytes, or no more pieces. */
async function gather(source: AsyncIterator<Uint8Array, void>, limit: number): Promise<Gathered> {
  const gathered: Gathered = { pieces: [], bytes: 0, ended: false };
  while (gathered.bytes < limit) {
    const step = await source.next();
    if (step.done) return { ...gathered, ended: true };
    gathered.pieces.push(step.value);
    gathered.bytes += step.value.length;
  }
  return gathered;
}

async function* inTurn(
  first: Uint8Array[],
  rest: AsyncIterable<Uint8Array>,
  alive: () => Promise<unknown>,
  ended: () => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  // Let go of one by one: what was sent is not held any longer.
  for (let piece = first.shift(); piece; piece = first.shift()) yield piece;
  for await (const piece of rest) {
    await alive();
    yield piece;
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
  const shape = { codec, ...(framed && { frames: FRAME_BYTES }) };
  const target = await newObject(put, { type: 'bytes', codec, framed });
  const { object } = target;
  const hash = createHash('sha256');
  let size = 0;
  let storedSize = 0;
  const bytes = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    for await (const piece of pieces) {
      const parts = framed ? await frameOf(core, at, piece, `${object}/${Math.floor(size / FRAME_BYTES)}`) : [piece];
      size += piece.length;
      for (const part of parts) {
        hash.update(part);
        storedSize += part.length;
        yield part;
      }
    }
  };
  let ref: Reference | undefined;
  const reference = (): Reference =>
    (ref ??= referenceTo(core, at, { object, ...shape, storedSize, sha256: hash.digest('hex') }));
  await putStream(core, at, target, { bytes: bytes(), isStored: () => holds(core, at, reference()) });
  return { type: 'bytes', size, ref: reference() };
}

/** One frame, as its head and its bytes. */
async function frameOf(core: StoreCore, at: ObjectCall, piece: Uint8Array, path: string): Promise<Uint8Array[]> {
  const encoded = await encode(core, at, piece);
  const bytes = await encrypt(core, at, encoded.bytes, path);
  if (bytes.length === 0 || bytes.length > longestFrame(FRAME_BYTES)) {
    throw new ConfigError('encryption', 'must not make nothing, or more than twice as much, of the bytes that it is given');
  }
  return [frameHead({ encoded: encoded.codec !== 'none', bytes }), bytes];
}

/** Whether the object is there as it was made: reads all of it. */
async function holds(core: StoreCore, at: ObjectCall, ref: Reference): Promise<boolean> {
  const body = await openBody(core, at, ref);
  if (!body) return false;
  try {
    for await (const _ of verified(body, ref, at.where));
    return true;
  } catch (error) {
    if (error instanceof CorruptEntryError) return false;
    throw error;
  }
}
