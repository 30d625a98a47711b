import type { Readable } from 'node:stream';
import type { CallOptions } from '../../async/deadline.ts';
import { parseEntry } from '../../format/entry.ts';
import type { Version } from '../../format/write-id.ts';
import type { RawEntry } from '../../metastore/metastore.ts';
import { concurrently } from '../../async/concurrency.ts';
import type { CheckedKey, HandleParts } from '../handle/deps.ts';
import { loadValue, type LoadedValue } from './load-value.ts';
import { openValue } from './open-value.ts';

/** Reading: one round trip to the metastore for all keys, and one request for each value that is offloaded. */

/** The values of keys that were checked, in their order; `undefined` where there is none. */
export async function readValues(
  parts: HandleParts,
  keys: readonly CheckedKey[],
  call: CallOptions,
): Promise<(LoadedValue | undefined)[]> {
  const { core, place, access } = parts;
  await access.writer(call);
  const entries = await readEntries(parts, keys, call);
  return concurrently([...keys.entries()], async ([index, { key, name }]) => {
    const raw = entries[index];
    if (!raw) return undefined;
    const reread = async (): Promise<RawEntry | undefined> => (await readEntries(parts, [{ key, name }], call))[0];
    return loadValue(core, { path: place.address.path, name, key, scope: place.scope }, raw, reread, call);
  });
}

/** The value of one key. */
export async function readValue(parts: HandleParts, key: CheckedKey, call: CallOptions): Promise<LoadedValue | undefined> {
  return (await readValues(parts, [key], call))[0];
}

/** Which version of a key is there. */
export async function readVersion(parts: HandleParts, key: CheckedKey, call: CallOptions): Promise<Version | undefined> {
  const [raw] = await readEntries(parts, [key], call);
  return raw && parseEntry(raw.text, { scope: parts.place.scope, key: key.key }).version;
}

/** The value of one key as a stream, which listens to the caller's signal as long as it is open. */
export async function openStream(parts: HandleParts, key: CheckedKey, options: CallOptions): Promise<Readable | undefined> {
  const { call, leave } = parts.core.shareSignal(options.signal);
  let stream: Readable | undefined;
  try {
    stream = await openWithin(parts, key, call);
    return stream?.once('close', leave);
  } finally {
    if (!stream) leave();
  }
}

async function openWithin(parts: HandleParts, key: CheckedKey, call: CallOptions): Promise<Readable | undefined> {
  const { core, place, access } = parts;
  await access.writer(call);
  const read = async (): Promise<RawEntry | undefined> => (await readEntries(parts, [key], call))[0];
  const raw = await read();
  if (!raw) return undefined;
  return openValue(core, { path: place.address.path, ...key, scope: place.scope }, raw, read, call);
}

function readEntries(
  { core, place }: HandleParts,
  keys: readonly CheckedKey[],
  call: CallOptions,
): Promise<readonly (RawEntry | undefined)[]> {
  const names = keys.map(({ name }) => name);
  return core.metastore.read(place.address, names, call);
}
