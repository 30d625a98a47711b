import type { CallOptions } from '../async/deadline.ts';
import { CodecUnavailableError, CorruptEntryError } from '../model/errors/store.ts';

/** Bytes to bytes. What a value was encoded with is recorded in its entry, never guessed from a name. */
export interface Codec {
  /** Lower-case letters, digits and `-`; recorded in every entry. */
  readonly name: string;
  /** The same bytes, smaller. */
  encode(bytes: Uint8Array, options: CallOptions): Promise<Uint8Array>;
  /** What was encoded. Must stop as soon as the output passes `maxBytes`: stored bytes can be a bomb. */
  decode(bytes: Uint8Array, options: CallOptions & { maxBytes: number }): Promise<Uint8Array>;
}

/** A codec of this library. All are known everywhere, so that a value that one wrote is never of an unknown codec. */
export interface BuiltInCodec extends Codec {
  /** Why it cannot be used in this runtime: what to install. Users' codecs have none. */
  readonly unavailable?: string;
}

/**
 * A hook between codec and digest. `path` is to be used as additional authenticated data: then an object, or a frame of a stream,
 * cannot take the place of another one. Called for a whole value, or for each MiB of a stream, in no order.
 */
export interface Encryption {
  /** Recorded in every entry. Lower-case letters, digits and `-`. Keys change under one name: say in the bytes which one it was. */
  readonly name: string;
  /** The bytes as they are stored: no more than twice as many. Where it rejects, nothing is written (`StoreUnavailableError`). */
  encrypt(bytes: Uint8Array, context: { path: string }): Promise<Uint8Array>;
  /**
   * What was encrypted. Rejects for bytes, a path or a key that it was not made with: `CorruptEntryError`. Where it could not ask
   * whoever keeps the key, it rejects with an error whose property `retryable` is true: `StoreUnavailableError`.
   */
  decrypt(bytes: Uint8Array, context: { path: string }): Promise<Uint8Array>;
}

/** A codec that this runtime lacks: whatever it is asked for rejects with `CodecUnavailableError`. */
export function unavailableCodec(name: string, unavailable: string): BuiltInCodec {
  const refuse = (): Promise<never> => Promise.reject(new CodecUnavailableError(name, unavailable));
  return { name, unavailable, encode: refuse, decode: refuse };
}

/** The error of every codec for bytes that it cannot decode, or not within the limit. */
export function damaged(codec: string, maxBytes: number, cause?: unknown): CorruptEntryError {
  return new CorruptEntryError(`the bytes are not ${codec}, or stand for more than ${maxBytes} bytes`, { cause });
}
