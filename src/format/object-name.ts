import type { EntryMeta } from './entry.ts';
import { parseWriteId, type WriteId } from './write-id.ts';
import { instant, sequenceText } from './head.ts';
import { isKeyName, isObjectKey, isScopePath } from './path.ts';

/**
 * What the last segment of an object's key says: `<fence 24>-<sequence 10>-<nonce 16>-<time 13>.<ending>`. Made here, and read here
 * by clean-up and by `recover()`; reading a value never guesses from it. The write ID makes a name that is never used twice.
 */

/** How the bytes of an object came about. */
export interface ObjectForm {
  type: EntryMeta['type'];
  /** `'none'`: not compressed. */
  codec: string;
  encrypted: boolean;
  /** Encoded in frames, as a stream that was written bit by bit. */
  framed: boolean;
}

/** What the key of an object says. */
export interface ParsedObjectKey {
  /** The path of the scope, from `scopePath()`. */
  path: string;
  /** The name of the key within the scope, from `keyName()`. */
  name: string;
  /** The write that put it. */
  id: WriteId;
  /** When it was put, in milliseconds by the metastore's clock. */
  time: number;
  /** From `codecExtension()`; `undefined`: not compressed. */
  extension: string | undefined;
  form: Omit<ObjectForm, 'codec'>;
}

const EXTENSIONS: Readonly<Record<string, string>> = { gzip: 'gz', snappy: 'sz', brotli: 'br', zstd: 'zst' };
const ENCRYPTED = 'enc';
const FRAMED = 'frames';

/** The part of a name that stands for a codec. */
export function codecExtension(codec: string): string {
  return EXTENSIONS[codec] ?? codec;
}

/** Whether a codec of this name could not be told from something else at the end of an object's name. */
export function isReservedCodecName(name: string): boolean {
  return name === ENCRYPTED || name === FRAMED || Object.values(EXTENSIONS).includes(name);
}

/** The name of an object, which says to people what is in it. */
export function objectName(id: WriteId, time: number, { type, codec, encrypted, framed }: ObjectForm): string {
  const ending = [type === 'json' ? 'json' : 'bin'];
  if (codec !== 'none') ending.push(codecExtension(codec));
  if (encrypted) ending.push(ENCRYPTED);
  if (framed) ending.push(FRAMED);
  return `${id.fence}-${sequenceText(id)}-${id.nonce}-${instant(time)}.${ending.join('.')}`;
}

/** Where generations are, below the namespace. */
export const GENERATIONS = 'generation=/-/-';

const NAME = new RegExp(
  String.raw`^(\d{24})-(\d{10})-([at][0-9a-z]{15})-(\d{13})\.(json|bin)(?:\.([a-z0-9-]{1,32}))??(\.${ENCRYPTED})?(\.${FRAMED})?$`,
);

/** Reads the key of an object; `undefined` for what is not a value's, such as a file that somebody else put there. */
export function parseObjectKey(namespace: string, key: string): ParsedObjectKey | undefined {
  if (!isObjectKey(key)) return undefined;
  const parts = key.split('/');
  const place = parts[0] === namespace ? placeOf(parts.slice(0, -1)) : undefined;
  const match = place && NAME.exec(parts.at(-1) as string);
  if (!match) return undefined;
  const [, fence, sequence, nonce, time, type, extension, encrypted, framed] = match;
  const id = parseWriteId(`${fence}-${nonce}-${sequence}`);
  if (!id) return undefined;
  return {
    ...place,
    id,
    time: Number(time),
    extension,
    form: { type: type === 'json' ? 'json' : 'bytes', encrypted: encrypted !== undefined, framed: framed !== undefined },
  };
}

/** Whose objects a folder holds, by segments; `undefined` if it can hold no value's object. */
function placeOf(folder: readonly string[]): Pick<ParsedObjectKey, 'path' | 'name'> | undefined {
  const path = folder.slice(1, -1).join('/');
  const name = folder.at(-1) ?? '';
  return isScopePath(path) && isKeyName(name) ? { path, name } : undefined;
}

/** When an upload of this name was begun, in milliseconds; `undefined` if it is not this library's, for a value of any namespace. */
export function uploadTime(key: string): number | undefined {
  const [namespace = ''] = key.split('/', 1);
  return parseObjectKey(namespace, key)?.time;
}

/** Whether a folder is one that this library puts objects into. */
export function isObjectFolder(folder: string): boolean {
  const parts = folder.split('/');
  return parts.slice(1).join('/') === GENERATIONS || placeOf(parts) !== undefined;
}
