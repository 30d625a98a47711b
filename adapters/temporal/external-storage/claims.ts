import type { StorageDriverClaim } from '@temporalio/common';
import { CorruptEntryError } from '../../../src/adapter-kit.ts';

/** A claim is the reference to a payload in the workflow's history. It says where the payload lies, and how to verify it. */

/** A claim, read. */
export interface PayloadClaim {
  /** The digest of the payload's bytes, before compression. */
  sha256: string;
  /** The codec that compressed them, or `'none'`. */
  codec: string;
  /** Bytes before compression; `undefined` in claims of the published format, which do not say. */
  size: number | undefined;
  /** Where the bytes are: in an object, or in the claim itself. */
  place: { store: string; key: string } | Uint8Array;
}

/** The format of this library's own claims. */
const FORMAT = '1';
const SHA256 = /^[0-9a-f]{64}$/;
const SIZE = /^\d{1,15}$/;

/** A claim of this library. */
export function mooringClaim({ sha256, codec, size, place }: PayloadClaim & { size: number }): StorageDriverClaim {
  const common = { format: FORMAT, sha256, codec, size: String(size) };
  return {
    claimData:
      place instanceof Uint8Array
        ? { ...common, inline: Buffer.from(place).toString('base64') }
        : { ...common, store: place.store, key: place.key },
  };
}

/**
 * A claim as the published drivers make it. Those of TypeScript call its fields `hashAlgorithm` and `hashValue`, those of Python
 * and Java `hash_algorithm` and `hash_value`. Each requires its own, so both are written.
 */
export function temporalClaim(bucket: string, key: string, sha256: string): StorageDriverClaim {
  const hash = { hashAlgorithm: 'sha256', hashValue: sha256, hash_algorithm: 'sha256', hash_value: sha256 };
  return { claimData: { bucket, key, ...hash } };
}

/**
 * Reads a claim of either format.
 *
 * @param bucket - The bucket of the published format; a claim that names it lies in `store`.
 * @throws {@link CorruptEntryError}
 */
export function readClaim({ claimData }: StorageDriverClaim, bucket: string | undefined, store: string): PayloadClaim {
  const read: Partial<Record<string, string>> = claimData;
  if (read['format'] !== undefined) return readMooring(read);
  const key = read['key'];
  const algorithm = read['hashAlgorithm'] ?? read['hash_algorithm'];
  const sha256 = read['hashValue'] ?? read['hash_value'];
  if (key === undefined || algorithm !== 'sha256' || !isSha256(sha256)) throw unreadable();
  if (read['bucket'] !== bucket) {
    throw new CorruptEntryError(`the payload lies in the bucket ${read['bucket']}, this driver's is ${bucket ?? 'none'}`);
  }
  return { sha256, codec: 'none', size: undefined, place: { store, key } };
}

function readMooring({ format, sha256, codec, size, store, key, inline }: Partial<Record<string, string>>): PayloadClaim {
  if (format !== FORMAT) throw new CorruptEntryError(`the claim is of format ${format}, this version reads ${FORMAT}`);
  if (!isSha256(sha256) || codec === undefined || size === undefined || !SIZE.test(size)) throw unreadable();
  const common = { sha256, codec, size: Number(size) };
  if (inline !== undefined) return { ...common, place: Buffer.from(inline, 'base64') };
  if (store === undefined || key === undefined) throw unreadable();
  return { ...common, place: { store, key } };
}

function isSha256(text: string | undefined): text is string {
  return text !== undefined && SHA256.test(text);
}

function unreadable(): CorruptEntryError {
  return new CorruptEntryError('the claim is of no format that this driver reads');
}
