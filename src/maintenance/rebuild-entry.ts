import { createHash, type Hash } from 'node:crypto';
import type { CallOptions } from '../call.ts';
import type { Codec } from '../codec/codec.ts';
import type { EntryMeta, Reference } from '../entry.ts';
import { CodecUnavailableError, CorruptEntryError, MissingObjectError, ValueTooLargeError } from '../errors.ts';
import { codecExtension } from '../object-name.ts';
import { decodeSegment, pathScope } from '../path.ts';
import { isTaskScope } from '../scope.ts';
import { deserialize } from '../serializer.ts';
import type { StoreCore } from '../state-store/core.ts';
import { framesIn, longestFrame } from '../state-store/frames.ts';
import { openBody } from '../state-store/object-body.ts';
import { getObject, transcode, type ObjectCall } from '../state-store/object-calls.ts';
import type { FoundObject } from './newest-objects.ts';

/**
 * From an object to the entry that referred to it. The name says how the bytes came about; that they can be read as it says, to the
 * last of them, is what makes them a value. Streams are read in constant memory.
 */

/** What was found in an object. */
interface Contents extends Pick<Reference, 'codec' | 'sha256' | 'storedSize' | 'frames'> {
  /** Of the value. */
  size: number;
}

/**
 * The entry for an object.
 *
 * @throws {@link CorruptEntryError} {@link CodecUnavailableError} {@link ValueTooLargeError} {@link MissingObjectError}
 *   `StoreUnavailableError`
 */
export async function rebuildEntry(core: StoreCore, found: FoundObject, call: CallOptions): Promise<EntryMeta> {
  const { store, object, path, name, form, id } = found;
  const scope = pathScope(path);
  const key = decodeSegment(name);
  const at: ObjectCall = { store, where: { scope, key: key ?? name }, call };
  const { encryption } = core;
  if (form.encrypted && !encryption) {
    throw new CodecUnavailableError('enc', 'give the store the encryption that the value was written with', at.where);
  }
  const codec = codecOf(core, found, at);
  const { size, ...stored } = await readContents(core, found, codec, at);
  const attempt = id.nonce.startsWith('a') && scope && isTaskScope(scope) ? scope : undefined;
  return {
    type: form.type,
    size,
    ref: { store: store.alias, object, ...(form.encrypted && encryption && { encryption: encryption.name }), ...stored },
    // The key behind a digest is lost; a listing shows the digest until it is written again.
    ...(key === undefined && { key: name }),
    ...(attempt && { writer: attempt }),
  };
}

function codecOf(core: StoreCore, { extension }: FoundObject, { where }: ObjectCall): Codec | undefined {
  if (extension === undefined) return undefined;
  const codec = [...core.codecs.values()].find(({ name }) => codecExtension(name) === extension);
  if (!codec) throw new CodecUnavailableError(extension, 'give it to the store as one of its codecs', where);
  return codec;
}

async function readContents(core: StoreCore, found: FoundObject, codec: Codec | undefined, at: ObjectCall): Promise<Contents> {
  const { form, object, size } = found;
  if (form.framed) return readFrames(core, found, codec, at);
  const isStream = form.type === 'bytes' && !codec && !form.encrypted;
  if (isStream) return readPlain(core, found, at);
  const largest = longestFrame(core.maxValueBytes);
  if (size > largest) throw new ValueTooLargeError(size, core.maxValueBytes, `raise it to recover ${object}`, at.where);
  const body = await getObject(core, at, object);
  if (!body) throw new MissingObjectError(object, { ...at.where, store: at.store.alias });
  const value = await decode(core, at, { found, codec, bytes: body, path: object, encoded: codec !== undefined });
  deserialize(form.type, value, at.where);
  const sha256 = createHash('sha256').update(body).digest('hex');
  return { codec: codec?.name ?? 'none', sha256, storedSize: body.length, size: value.length };
}

async function readPlain(core: StoreCore, found: FoundObject, at: ObjectCall): Promise<Contents> {
  const hash = createHash('sha256');
  let storedSize = 0;
  for await (const chunk of hashed(await bodyOf(core, found, at), hash)) storedSize += chunk.length;
  return { codec: 'none', sha256: hash.digest('hex'), storedSize, size: storedSize };
}

async function readFrames(core: StoreCore, found: FoundObject, codec: Codec | undefined, at: ObjectCall): Promise<Contents> {
  const { object } = found;
  const hash = createHash('sha256');
  const damaged = (problem: string): CorruptEntryError => new CorruptEntryError(`the object ${object} ${problem}`, at.where);
  const chunks = hashed(await bodyOf(core, found, at), hash);
  let frames: number | undefined;
  let size = 0;
  let index = 0;
  let isLast = false;
  for await (const { encoded, bytes } of framesIn(chunks, longestFrame(core.maxValueBytes), damaged)) {
    if (isLast) throw damaged('goes on after a frame that is shorter than the others');
    const value = await decode(core, at, { found, codec, bytes, path: `${object}/${index}`, encoded });
    frames ??= value.length;
    isLast = value.length < frames;
    if (value.length === 0 || value.length > frames) throw damaged('has frames that do not fit together');
    size += value.length;
    index += 1;
  }
  if (frames === undefined) throw damaged('is empty');
  return { codec: codec?.name ?? 'none', sha256: hash.digest('hex'), storedSize: found.size, size, frames };
}

async function bodyOf(core: StoreCore, { object, size }: FoundObject, at: ObjectCall): Promise<AsyncIterable<Uint8Array>> {
  const body = await openBody(core, at, { object, storedSize: size });
  if (!body) throw new MissingObjectError(object, { ...at.where, store: at.store.alias });
  return body;
}

async function* hashed(chunks: AsyncIterable<Uint8Array>, hash: Hash): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}

/** Bytes that stand alone: a whole object, or a frame of one. */
interface Part {
  found: FoundObject;
  codec: Codec | undefined;
  bytes: Uint8Array;
  /** What they were encrypted for. */
  path: string;
  encoded: boolean;
}

async function decode(core: StoreCore, at: ObjectCall, { found, codec, bytes, path, encoded }: Part): Promise<Uint8Array> {
  const { encryption } = core;
  const damaged = (how: string, cause: unknown): CorruptEntryError =>
    new CorruptEntryError(`the object ${found.object} cannot be ${how}`, { ...at.where, cause });
  let plain = bytes;
  if (found.form.encrypted && encryption) {
    const decrypted = await transcode(core, at, `decrypting with ${encryption.name}`, () => encryption.decrypt(bytes, { path }));
    if ('cause' in decrypted) throw damaged(`decrypted with ${encryption.name}`, decrypted.cause);
    plain = decrypted.bytes;
  }
  if (!encoded) return plain;
  if (!codec) throw damaged('decoded: its name says no codec', undefined);
  const { maxValueBytes: maxBytes } = core;
  const decoded = await transcode(core, at, `decoding with ${codec.name}`, (signal) => codec.decode(plain, { signal, maxBytes }));
  if ('bytes' in decoded) return decoded.bytes;
  if (decoded.cause instanceof CodecUnavailableError) throw decoded.cause;
  throw damaged(`decoded as ${codec.name}`, decoded.cause);
}
