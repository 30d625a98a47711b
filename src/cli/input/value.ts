import { createReadStream } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { Work } from '../command.ts';
import type { Flags, Given } from '../flags.ts';
import { UsageError } from '../usage-error.ts';
import { readJson } from './json.ts';

/** A value that is given: as a word, as a file, or piped in. No error quotes it. */

/** The flags that say where it is. */
export const VALUE_FLAGS: Flags = {
  file: { value: 'FILE', holds: "read the value from a file; '-' is the standard input" },
  bytes: { holds: 'the file is the value, byte by byte; without it, it is JSON' },
};

/** A value: JSON that was read, or bytes still to be read. */
export type GivenValue = { readonly json: unknown } | { readonly bytes: AsyncIterable<Uint8Array> };

/**
 * The way to the value.
 *
 * @param word - The value as a word, if there is one.
 * @throws {@link UsageError}
 */
export function readGivenValue(
  given: Given,
  word: string | undefined,
): (work: Pick<Work, 'input' | 'signal'>) => Promise<GivenValue> {
  const file = given.text('file');
  const bytes = given.has('bytes');
  if (word !== undefined && file !== undefined) throw new UsageError('the value is a word or --file, not both');
  if (word !== undefined && bytes) throw new UsageError('--bytes is for --file, or for what is piped in');
  if (word !== undefined) return async () => ({ json: readJson(word, NO_JSON) });
  return async ({ input, signal }) => {
    if (file === undefined && input.isTerminal)
      throw new UsageError('a value is missing: JSON, --file FILE, or what is piped in');
    const source = file === undefined || file === '-' ? input.bytes(signal) : createReadStream(file, { signal });
    if (bytes) return { bytes: source };
    const read = await text(source as NodeJS.ReadableStream).catch((error: unknown) => {
      signal.throwIfAborted();
      throw error;
    });
    return { json: readJson(read, NO_JSON) };
  };
}

const NO_JSON = `the value is no JSON: a text needs quotes ('"text"'), and bytes need --bytes`;
