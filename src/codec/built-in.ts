import { CodecUnavailableError } from '../model/errors/store.ts';
import type { Codec } from './codec.ts';

/** A codec of this library. All are known everywhere, so that a value that one wrote is never of an unknown codec. */
export interface BuiltInCodec extends Codec {
  /** Why it cannot be used in this runtime: what to install. Users' codecs have none. */
  readonly unavailable?: string;
}

/** A codec that this runtime lacks: whatever it is asked for rejects with `CodecUnavailableError`. */
export function unavailableCodec(name: string, unavailable: string): BuiltInCodec {
  const refuse = (): Promise<never> => Promise.reject(new CodecUnavailableError(name, unavailable));
  return { name, unavailable, encode: refuse, decode: refuse };
}
