import type { CallOptions } from '../async/deadline.ts';
import { CodecUnavailableError, CorruptEntryError } from '../model/errors/store.ts';

/** Compresses bytes, and restores them. The codec of a value is recorded in its entry, never guessed from a name. */
export interface Codec {
  /** Lower-case letters, digits and `-`; recorded in every entry. */
  readonly name: string;
  /** Compresses the bytes. */
  encode(bytes: Uint8Array, options: CallOptions): Promise<Uint8Array>;
  /** Restores the bytes. It must stop as soon as the output passes `maxBytes`: a few stored bytes may stand for gigabytes. */
  decode(bytes: Uint8Array, options: CallOptions & { maxBytes: number }): Promise<Uint8Array>;
}

/** A codec of this library. Every store knows all of them, so that no value that they wrote has an unknown codec. */
export interface BuiltInCodec extends Codec {
  /** Why it cannot be used in this runtime: what to install. Users' codecs have none. */
  readonly unavailable?: string;
}

/**
 * A hook between codec and digest. Use `path` as additional authenticated data: then an object, or a frame of a stream, cannot
 * take the place of another one. It is called for a whole value, or for each MiB of a stream, in no order.
 */
export interface Encryption {
  /**
   * Recorded in every entry. Lower-case letters, digits and `-`. If keys change under one name, the bytes must say which key was
   * used.
   */
  readonly name: string;
  /** Returns the bytes to store: at most twice as many. If it rejects, nothing is written (`StoreUnavailableError`). */
  encrypt(bytes: Uint8Array, context: { path: string }): Promise<Uint8Array>;
  /**
   * Restores the bytes. It rejects if the bytes, the path or the key do not match: users get `CorruptEntryError`. If it cannot
   * reach the key service, it rejects with an error whose property `retryable` is true: users get `StoreUnavailableError`.
   */
  decrypt(bytes: Uint8Array, context: { path: string }): Promise<Uint8Array>;
}

/** A codec that this runtime lacks: every call rejects with `CodecUnavailableError`. */
export function unavailableCodec(name: string, unavailable: string): BuiltInCodec {
  const refuse = (): Promise<never> => Promise.reject(new CodecUnavailableError(name, unavailable));
  return { name, unavailable, encode: refuse, decode: refuse };
}

/** The error of every codec for bytes that it cannot decode, or not within the limit. */
export function damaged(codec: string, maxBytes: number, cause?: unknown): CorruptEntryError {
  return new CorruptEntryError(`the bytes are not ${codec}, or stand for more than ${maxBytes} bytes`, { cause });
}
