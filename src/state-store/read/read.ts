import type { Readable } from 'node:stream';
import type { CallOptions } from '../../async/deadline.ts';
import { parseEntry } from '../../format/entry.ts';
import type { Version } from '../../format/write-id.ts';
import type { RawEntry } from '../../metastore/metastore.ts';
import { concurrently } from '../../async/concurrency.ts';
import type { HandleDeps } from '../handle/deps.ts';
import type { ValueAddress } from '../objects/new-object.ts';
import { loadValue, type EntrySource, type LoadedValue } from './load-value.ts';
import { openValue } from './open-value.ts';

/** Reading: one round trip to the metastore for all keys, and one request for each value that is offloaded. */

/** The value of one key; `undefined` if there is none. */
export async function readValue(deps: HandleDeps, address: ValueAddress, call: CallOptions): Promise<LoadedValue | undefined> {
  await deps.access.writer(call);
  const raw = await readEntry(deps, address, call);
  return raw && loadValue(sourceOf(deps, address, call), raw);
}

/** The values of keys, in their order. */
export async function readAll(
  deps: HandleDeps,
  addresses: readonly ValueAddress[],
  call: CallOptions,
): Promise<(LoadedValue | undefined)[]> {
  await deps.access.writer(call);
  const entries = await readEntries(deps, addresses, call);
  return concurrently(addresses, async (address, index) => {
    const raw = entries[index];
    return raw && loadValue(sourceOf(deps, address, call), raw);
  });
}

function sourceOf(deps: HandleDeps, address: ValueAddress, call: CallOptions): EntrySource {
  return { core: deps.core, address, call, reread: () => readEntry(deps, address, call) };
}

/** Which version of a key is there. */
export async function readVersion(deps: HandleDeps, address: ValueAddress, call: CallOptions): Promise<Version | undefined> {
  const raw = await readEntry(deps, address, call);
  return raw && parseEntry(raw.text, address).version;
}

/** The value of one key as a stream. It listens to the caller's signal as long as it is open. */
export async function openStream(
  deps: HandleDeps,
  address: ValueAddress,
  { signal }: CallOptions,
): Promise<Readable | undefined> {
  const { call, leave } = deps.core.shareSignal(signal);
  let stream: Readable | undefined;
  try {
    await deps.access.writer(call);
    const raw = await readEntry(deps, address, call);
    stream = raw && (await openValue(sourceOf(deps, address, call), raw));
    return stream?.once('close', leave);
  } finally {
    if (!stream) leave();
  }
}

async function readEntry(deps: HandleDeps, address: ValueAddress, call: CallOptions): Promise<RawEntry | undefined> {
  return (await readEntries(deps, [address], call))[0];
}

function readEntries(
  { core, address }: HandleDeps,
  addresses: readonly ValueAddress[],
  call: CallOptions,
): Promise<readonly (RawEntry | undefined)[]> {
  const names = addresses.map(({ name }) => name);
  return core.metastore.values.read(address, names, call);
}
