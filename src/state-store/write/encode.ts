import { shorten } from '../../codec/compress-if-smaller.ts';
import { CodecUnavailableError } from '../../model/errors/store.ts';
import type { StoreCore } from '../internals.ts';
import { transcode, within, type ObjectCall } from '../objects/calls.ts';

/** From the bytes of a value to the bytes that are stored: compressed where that pays, then encrypted. */

/** Bytes, and what they were encoded with; `'none'` where encoding did not pay. */
export interface Encoded {
  codec: string;
  bytes: Uint8Array;
}

/**
 * Compresses bytes, where that pays.
 *
 * @throws {@link CodecUnavailableError} {@link StoreUnavailableError}
 */
export async function encode(core: StoreCore, at: ObjectCall, bytes: Uint8Array): Promise<Encoded> {
  const { codec } = core;
  if (!codec) return { codec: 'none', bytes };
  const encoded = await transcode(core, at, `encoding with ${codec.name}`, {
    bytes: bytes.length,
    work: (signal) => shorten(codec, bytes, { signal }),
    failed: (cause) => new CodecUnavailableError(codec.name, 'it could not encode the value', { ...at.where, cause }),
  });
  return { codec: encoded === bytes ? 'none' : codec.name, bytes: encoded };
}

/**
 * Encrypts bytes, where the store encrypts.
 *
 * @param path - What the bytes are bound to.
 * @throws {@link StoreUnavailableError}
 */
export async function encrypt(core: StoreCore, at: ObjectCall, bytes: Uint8Array, path: string): Promise<Uint8Array> {
  const { encryption } = core;
  if (!encryption) return bytes;
  return within(core, at, `encrypting with ${encryption.name}`, () => encryption.encrypt(bytes, { path }));
}
