import { readdirSync, readFileSync } from 'node:fs';
import { records } from '../contract/codec.ts';

/** Files that other tools wrote, from `test/fixtures/codecs`, and what they stand for. */

const FOLDER = new URL('../fixtures/codecs/', import.meta.url);

/** A file, and what it must be decoded to. */
export interface Fixture {
  name: string;
  bytes: Uint8Array;
  plain: Uint8Array;
}

/** The files whose names end so, by name. */
export function fixtures(extension: string): readonly Fixture[] {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith(`.${extension}`));
  return names.toSorted().map((name) => ({ name, bytes: readFileSync(new URL(name, FOLDER)), plain: plainOf(name) }));
}

/** As `make.py` makes it. */
function plainOf(name: string): Uint8Array {
  switch (name.split('.')[0]) {
    case 'bytes':
      return Uint8Array.from({ length: 256 }, (_, byte) => byte);
    case 'records':
      return records(3_000);
    default:
      return Buffer.from(Array.from({ length: 30_000 }, (_, line) => `line ${line % 100}\n`).join('')).subarray(0, 200_000);
  }
}
