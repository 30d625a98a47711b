import { createHash } from 'node:crypto';
import type { Payload, StorageDriverClaim } from '@temporalio/common';
import { CodecUnavailableError, CorruptEntryError, MissingObjectError } from '../../../src/adapter-kit.ts';
import { UnknownLocationError } from '../../../src/adapter-kit.ts';
import { withProgress, type CallOptions, type ObjectStore } from '../../../src/adapter-kit.ts';
import type { ResolvedDriver } from './options.ts';
import { payloadOf } from './bytes.ts';
import type { PayloadCache } from './cache.ts';
import { readClaim, type PayloadClaim } from './claims.ts';
import { persistently } from './transfer.ts';

/** Retrieves one payload: never more bytes than its claim allows, and never others than were stored. */

/**
 * The payload of a claim.
 *
 * @throws {@link CorruptEntryError} {@link MissingObjectError} {@link UnknownLocationError} {@link CodecUnavailableError} {@link StoreUnavailableError}
 */
export async function retrievePayload(
  driver: ResolvedDriver,
  cache: PayloadCache,
  given: StorageDriverClaim,
  signal: AbortSignal,
): Promise<Payload> {
  const claim = readClaim(given, driver.bucket, driver.objectStore.alias);
  const known = cache.bytes(claim.sha256);
  if (known) return payloadOf(known);
  const bytes = await fetched(driver, claim, signal);
  if (createHash('sha256').update(bytes).digest('hex') !== claim.sha256) {
    throw new CorruptEntryError(`the payload ${nameOf(claim)} is not the one that was stored`);
  }
  const payload = payloadOf(bytes);
  cache.keep(claim.sha256, bytes);
  return payload;
}

async function fetched(driver: ResolvedDriver, claim: PayloadClaim, signal: AbortSignal): Promise<Uint8Array> {
  const { place, codec, size } = claim;
  // An inline payload may be larger than a stored one. It is in memory already, and its size is known.
  const limit = place instanceof Uint8Array ? (size ?? 0) : Math.min(size ?? Infinity, driver.maxPayloadBytes);
  if (size !== undefined && size > limit) {
    throw new CorruptEntryError(`the payload ${nameOf(claim)} has ${size} bytes, maxPayloadBytes is ${limit}`);
  }
  const decoder = codec === 'none' ? undefined : driver.codecs.get(codec);
  if (codec !== 'none' && !decoder) throw new CodecUnavailableError(codec, 'give it to externalStorageDriver()');
  const stored = place instanceof Uint8Array ? place : await read(driver, place, limit, signal);
  return decoder ? decoder.decode(stored, { maxBytes: limit, signal }) : stored;
}

async function read(
  driver: ResolvedDriver,
  { store: alias, key }: { store: string; key: string },
  limit: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const store = driver.stores.get(alias);
  if (!store) throw new UnknownLocationError(alias, [...driver.stores.keys()]);
  const call = { doing: `retrieving the payload ${key}`, store: alias, bytes: limit };
  return persistently(driver, call, signal, (own, progress) =>
    readObject(store, key, limit, withProgress({ signal: own }, progress)),
  );
}

async function readObject(store: ObjectStore, key: string, limit: number, call: CallOptions): Promise<Uint8Array> {
  // One byte more than allowed is enough to notice too much.
  const bytes = await store.get(key, { ...call, end: limit + 1 });
  if (!bytes) throw new MissingObjectError(key, { store: store.alias });
  if (bytes.length > limit) throw new CorruptEntryError(`the object ${key} has more than ${limit} bytes`, { store: store.alias });
  return bytes;
}

function nameOf({ place, sha256 }: PayloadClaim): string {
  return place instanceof Uint8Array ? `sha256:${sha256}` : place.key;
}
