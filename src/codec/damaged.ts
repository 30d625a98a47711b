import { CorruptEntryError } from '../model/errors/store.ts';

/** The error of every codec for bytes that it cannot decode, or not within the limit. */
export function damaged(codec: string, maxBytes: number, cause?: unknown): CorruptEntryError {
  return new CorruptEntryError(`the bytes are not ${codec}, or stand for more than ${maxBytes} bytes`, { cause });
}
