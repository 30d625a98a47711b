import { createHash, type Hash } from 'node:crypto';
import type { CallOptions } from '../../async/deadline.ts';
import type { EntryMeta, Reference } from '../../format/entry.ts';
import { CodecUnavailableError, CorruptEntryError, MissingObjectError, ValueTooLargeError } from '../../model/errors/store.ts';
import { codecExtension } from '../../format/object-name.ts';
import { decodeSegment, pathScope } from '../../format/path.ts';
import { isTaskScope } from '../../model/scope.ts';
import { deserialize } from '../../format/serializer.ts';
import type { Internals } from '../../state-store/internals.ts';
import { boundedDecoderOf, type Decoder } from '../../state-store/objects/transcode.ts';
import { FRAME_BYTES, framesIn, longestFrame } from '../../format/frames.ts';
import { openBody, wholeBody } from '../../state-store/objects/body.ts';
import type { ObjectCall } from '../../state-store/objects/calls.ts';
import type { FoundObject } from './newest-objects.ts';

/**
 * From an object to the entry that referred to it. The name says how the bytes came about. They are a value if all of them can be
 * read as the name says. Streams are read in constant memory.
 */

/** What was found in an object. */
interface Contents extends Pick<Reference, 'sha256' | 'storedSize' | 'frames'> {
  /** Bytes of the value. */
  size: number;
}

/**
 * The entry for an object.
 *
 * @throws {@link CorruptEntryError} {@link CodecUnavailableError} {@link ValueTooLargeError} {@link MissingObjectError}
 *   `StoreUnavailableError`
 */
export async function rebuildEntry(core: Internals, found: FoundObject, call: CallOptions): Promise<EntryMeta> {
  const { store, path, name, form, id } = found;
  const scope = pathScope(path);
  const key = decodeSegment(name);
  const at: ObjectCall = { store, where: { scope, key: key ?? name }, call };
  const encoding = encodingOf(core, found, at);
  const contents = await readContents(core, found, boundedDecoderOf(core, at, encoding), at);
  const { size, ...stored } = contents;
  const writer = id.nonce.startsWith('a') && scope && isTaskScope(scope) ? scope : undefined;
  return {
    type: form.type,
    size,
    ref: { store: store.alias, ...encoding, ...stored },
    // The key behind a digest is lost; a listing shows the digest until it is written again.
    ...(key === undefined && { key: name }),
    ...(writer && { writer }),
  };
}

/** How the object was encoded, as its name says and the store knows it. */
function encodingOf(
  core: Internals,
  { object, extension, form }: FoundObject,
  { where }: ObjectCall,
): Pick<Reference, 'object' | 'codec' | 'encryption'> {
  const { encryption } = core;
  if (form.encrypted && !encryption) {
    throw new CodecUnavailableError('enc', 'give the store the encryption that the value was written with', where);
  }
  const known = [...core.codecs.keys()].find((codec) => codecExtension(codec) === extension);
  const codec = extension === undefined ? 'none' : (known ?? extension);
  return { object, codec, ...(form.encrypted && encryption && { encryption: encryption.name }) };
}

async function readContents(core: Internals, found: FoundObject, decode: Decoder, at: ObjectCall): Promise<Contents> {
  const { form, object, size, extension } = found;
  if (form.framed) return readFrames(core, found, decode, at);
  const isPlain = extension === undefined && !form.encrypted;
  if (isPlain && form.type === 'bytes') return readPlain(core, found, at);
  if (size > longestFrame(core.maxValueBytes)) {
    throw new ValueTooLargeError(size, core.maxValueBytes, `raise it to recover ${object}`, at.where);
  }
  const bytes = await wholeBody(core, at, { object, storedSize: size });
  if (!bytes) throw missing(found, at);
  const value = await decode({ bytes, path: object, encoded: extension !== undefined, size: core.maxValueBytes });
  deserialize(form.type, value, at.where);
  return { sha256: createHash('sha256').update(bytes).digest('hex'), storedSize: bytes.length, size: value.length };
}

async function readPlain(core: Internals, found: FoundObject, at: ObjectCall): Promise<Contents> {
  const hash = createHash('sha256');
  for await (const chunk of await bodyOf(core, found, at)) hash.update(chunk);
  return { sha256: hash.digest('hex'), storedSize: found.size, size: found.size };
}

async function readFrames(core: Internals, found: FoundObject, decode: Decoder, at: ObjectCall): Promise<Contents> {
  const { object } = found;
  const hash = createHash('sha256');
  const damaged = (problem: string): CorruptEntryError => new CorruptEntryError(`the object ${object} ${problem}`, at.where);
  const chunks = hashed(await bodyOf(core, found, at), hash);
  // A stream has no limit, and the size of its frames does not depend on the largest value that the store takes.
  const most = Math.max(core.maxValueBytes, FRAME_BYTES);
  let frames: number | undefined;
  let size = 0;
  let index = 0;
  let isLast = false;
  for await (const frame of framesIn(chunks, longestFrame(most), damaged)) {
    if (isLast) throw damaged('goes on after a frame that is shorter than the others');
    const { length } = await decode({ ...frame, path: `${object}/${index}`, size: most });
    frames ??= length;
    isLast = length < frames;
    if (length === 0 || length > frames) throw damaged('has frames that do not fit together');
    size += length;
    index += 1;
  }
  if (frames === undefined) throw damaged('is empty');
  return { sha256: hash.digest('hex'), storedSize: found.size, size, frames };
}

async function bodyOf(core: Internals, found: FoundObject, at: ObjectCall): Promise<AsyncIterable<Uint8Array>> {
  const body = await openBody(core, at, { object: found.object, storedSize: found.size });
  if (!body) throw missing(found, at);
  return body;
}

function missing({ object }: FoundObject, { store, where }: ObjectCall): MissingObjectError {
  return new MissingObjectError(object, { ...where, store: store.alias });
}

async function* hashed(chunks: AsyncIterable<Uint8Array>, hash: Hash): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}
