import { parseWriteId, type Version } from './write-id.ts';
import { CorruptEntryError, type ErrorContext } from '../model/errors/store.ts';
import { HEAD_LENGTH, readHead } from './head.ts';
import { isObjectKey } from './path.ts';
import type { TaskScope } from '../model/scope.ts';

/**
 * What the metastore holds for a key: a head of fixed places, which scripts compare as text, then what only we read, as JSON.
 * `<format><kind> <write ID> <updated at> <expires at> <JSON>`; times are 13 digits of milliseconds. An inline value lies in a
 * field of its own, so that `redis-cli` shows plain JSON.
 */

/** The format that this version writes and reads. */
export const ENTRY_FORMAT = '1';

/** Bytes of a value that a frame may hold, so that no entry can make a reader hold more. */
const LARGEST_FRAME = 2 ** 26;

/** What stands between the parts, so that a head whose places have shifted is not read. */
const SHAPE = /^.{2} .{52} \d{13} \d{13}(?: |$)/;

/** The letters of the kinds of an entry: an inline value, a reference, the tombstone of a deleted key. */
export const ENTRY_KIND = { inline: 'i', reference: 'r', tombstone: 't' } as const;

/** One of them. */
export type EntryKind = (typeof ENTRY_KIND)[keyof typeof ENTRY_KIND];

/** Where the JSON of an entry begins. */
export const ENTRY_JSON: number = HEAD_LENGTH + 1;

/** Where an offloaded value lies, and how to know that it is the one that was written. */
export interface Reference {
  /** Alias of the object store. */
  store: string;
  /** The object's key in that store, by the grammar of `path.ts`. */
  object: string;
  codec: string;
  /** Name of the encryption, if there was one. */
  encryption?: string;
  /** Bytes of the value in each frame, if the object is made of frames: see `format/frames.ts`. */
  frames?: number;
  /** Bytes in the object. */
  storedSize: number;
  /** SHA-256 of the bytes in the object, in hex. */
  sha256: string;
}

/** The part of an entry that only we read. */
export interface EntryMeta {
  type: 'json' | 'bytes';
  /** Bytes of the serialized value. */
  size: number;
  ref?: Reference;
  /** The key, if its name is a digest. */
  key?: string;
  /** The task that wrote it; absent for people and tools. */
  writer?: TaskScope;
}

/** An entry as the metastore returned it. */
export interface StoredEntry {
  kind: EntryKind;
  version: Version;
  updatedAt: number;
  /** `NEVER` if it has no end. */
  expiresAt: number;
  meta: EntryMeta;
  /** The serialized value of an inline entry, if it was asked for. */
  body?: Uint8Array;
}

/** The kind of an entry that holds a value. */
export function kindOf(meta: EntryMeta): EntryKind {
  return meta.ref ? ENTRY_KIND.reference : ENTRY_KIND.inline;
}

/**
 * Reads an entry.
 *
 * @throws {@link CorruptEntryError} when it is of a newer format, damaged, or refers outside the key grammar.
 */
export function parseEntry(text: string, where: ErrorContext, body?: Uint8Array): StoredEntry {
  if (text[0] !== ENTRY_FORMAT) {
    throw new CorruptEntryError(`the entry has format ${JSON.stringify(text[0])}, this version reads ${ENTRY_FORMAT}`, where);
  }
  const { letter: kind, version, updatedAt, expiresAt } = readHead(text);
  const meta = kind === 't' ? { type: 'json', size: 0 } : parseMeta(text.slice(ENTRY_JSON));
  const sound =
    (kind === 'i' || kind === 'r' || kind === 't') &&
    SHAPE.test(text) &&
    parseWriteId(version) !== undefined &&
    isMeta(meta) &&
    (kind === 'r') === (meta.ref !== undefined);
  if (!sound) throw new CorruptEntryError('the entry is damaged', where);
  return { kind, version, updatedAt, expiresAt, meta, ...(body === undefined ? {} : { body }) };
}

function parseMeta(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function isMeta(meta: unknown): meta is EntryMeta {
  if (typeof meta !== 'object' || meta === null) return false;
  const { type, size, ref } = meta as EntryMeta;
  if ((type !== 'json' && type !== 'bytes') || !Number.isSafeInteger(size) || size < 0) return false;
  return ref === undefined || isReference(ref);
}

function isReference(ref: Reference): boolean {
  return (
    typeof ref === 'object' &&
    ref !== null &&
    typeof ref.store === 'string' &&
    typeof ref.object === 'string' &&
    isObjectKey(ref.object) &&
    typeof ref.codec === 'string' &&
    (ref.encryption === undefined || typeof ref.encryption === 'string') &&
    (ref.frames === undefined || (Number.isSafeInteger(ref.frames) && ref.frames > 0 && ref.frames <= LARGEST_FRAME)) &&
    Number.isSafeInteger(ref.storedSize) &&
    ref.storedSize >= 0 &&
    /^[0-9a-f]{64}$/.test(ref.sha256)
  );
}
