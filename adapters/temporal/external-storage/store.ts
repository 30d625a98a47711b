import { createHash } from 'node:crypto';
import type { Payload, StorageDriverClaim, StorageDriverTargetInfo } from '@temporalio/common';
import { shorten, StoreUnavailableError } from '../../../src/adapter-kit.ts';
import type { ResolvedDriver } from './options.ts';
import { payloadBytes } from './bytes.ts';
import type { PayloadCache } from './cache.ts';
import { mooringClaim, temporalClaim } from './claims.ts';
import { endOf, mooringKey, temporalKey } from './keys.ts';
import { persistently } from './transfer.ts';

/** Stores one payload, and decides what becomes of it if it cannot be stored. */

/** Whose payload it is, and who waits. */
export interface StoreCall {
  target: StorageDriverTargetInfo | undefined;
  signal: AbortSignal;
}

interface Encoded {
  codec: string;
  bytes: Uint8Array;
}

/** Encrypted bytes do not compress, and their compressed length could reveal something of the content. */
const ENCRYPTED = 'binary/encrypted';

/**
 * The most that stays inline, before base64: the server takes 2 MiB of payloads. The SDK's clients retry a message above 4 MiB
 * until a timeout, instead of an error at once.
 */
const LARGEST_INLINE = 1_310_720;

/** Stores a payload. With `whenUnavailable: 'inline'`, a payload that is small enough rejects only with the signal's reason. */
export async function storePayload(
  driver: ResolvedDriver,
  cache: PayloadCache,
  payload: Payload,
  call: StoreCall,
): Promise<StorageDriverClaim> {
  const bytes = payloadBytes(payload);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const encoded = await encode(driver, payload, bytes, call.signal);
  const claim = { sha256, codec: encoded.codec, size: bytes.length };
  try {
    if (bytes.length > driver.maxPayloadBytes) {
      const sizes = `the payload has ${bytes.length} bytes, maxPayloadBytes is ${driver.maxPayloadBytes}`;
      throw new StoreUnavailableError(sizes, { store: driver.objectStore.alias });
    }
    const key = await put(driver, cache, { sha256, ...encoded }, call);
    cache.keep(sha256, bytes);
    if (driver.bucket !== undefined) return temporalClaim(driver.bucket, key, sha256);
    return mooringClaim({ ...claim, place: { store: driver.objectStore.alias, key } });
  } catch (error) {
    call.signal.throwIfAborted();
    if (!canStayInline(driver, encoded)) throw error;
    report(driver, { bytes: bytes.length, sha256, error });
    return mooringClaim({ ...claim, place: encoded.bytes });
  }
}

function canStayInline({ inline }: ResolvedDriver, { bytes }: Encoded): boolean {
  return inline && bytes.length <= LARGEST_INLINE;
}

/** The payload is compressed if that pays. If the codec fails, it is stored uncompressed. */
async function encode({ codec }: ResolvedDriver, payload: Payload, bytes: Uint8Array, signal: AbortSignal): Promise<Encoded> {
  const encoding = payload.metadata?.['encoding'];
  if (codec && !(encoding && Buffer.from(encoding).toString() === ENCRYPTED)) {
    const shorter = await shorten(codec, bytes, { signal }).catch(() => bytes);
    signal.throwIfAborted();
    if (shorter !== bytes) return { codec: codec.name, bytes: shorter };
  }
  return { codec: 'none', bytes };
}

/** One request: an existing object of this key is the same payload. */
async function put(
  driver: ResolvedDriver,
  cache: PayloadCache,
  object: Encoded & { sha256: string },
  { target, signal }: StoreCall,
): Promise<string> {
  const { objectStore, retention, bucket, clock } = driver;
  const now = clock.now();
  const key = bucket === undefined ? mooringKey(target, object, { retention, now }) : temporalKey(target, object.sha256);
  if (cache.knows(key)) return key;
  const expiresAt = endOf(retention, now);
  const call = { doing: `storing the payload ${key}`, store: objectStore.alias, bytes: object.bytes.length };
  await persistently(driver, { ...call, hasOtherWay: canStayInline(driver, object) }, signal, (own) =>
    objectStore.put(key, object.bytes, { ifAbsent: true, signal: own, ...(expiresAt && { expiresAt }) }),
  );
  cache.learn(key);
  return key;
}

function report({ logger, objectStore }: ResolvedDriver, fields: { bytes: number; sha256: string; error: unknown }): void {
  try {
    logger?.warn({ ...fields, store: objectStore.alias }, 'a payload was not stored, and stays in the message to the server');
  } catch {
    // An error of the logger must not fail the payload.
  }
}
