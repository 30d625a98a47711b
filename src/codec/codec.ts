import type { CallOptions } from '../call.ts';

/** Bytes to bytes. What a value was encoded with is recorded in its entry, never guessed from a name. */
export interface Codec {
  /** Lower-case letters, digits and `-`; recorded in every entry. */
  readonly name: string;
  /** The same bytes, smaller. */
  encode(bytes: Uint8Array, options: CallOptions): Promise<Uint8Array>;
  /** What was encoded. Must stop as soon as the output passes `maxBytes`: stored bytes can be a bomb. */
  decode(bytes: Uint8Array, options: CallOptions & { maxBytes: number }): Promise<Uint8Array>;
}

/** A hook between codec and digest; `path` is to be used as associated data, so that objects cannot be swapped. */
export interface Encryption {
  /** Recorded in every entry. */
  readonly name: string;
  /** The bytes as they are stored. */
  encrypt(bytes: Uint8Array, context: { path: string }): Promise<Uint8Array>;
  /** What was encrypted; rejects for bytes, or a path, that it was not made with. */
  decrypt(bytes: Uint8Array, context: { path: string }): Promise<Uint8Array>;
}
