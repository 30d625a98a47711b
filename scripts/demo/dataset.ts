/** The demo's input: a web server's log of some 100 MB, the same bytes on every machine. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

const BLOCK = 1 << 20;
const PATHS = ['/', '/login', '/search', '/cart', '/checkout', '/api/items', '/api/orders', '/static/app.js'];
const SEED = 0x6d_6f_6f_72;

/** What is known about the file before anybody works on it. */
export interface Dataset {
  file: string;
  bytes: number;
  lines: number;
  sha256: string;
}

/** Writes a log of at least `megabytes` and tells what a job has to find in it. */
export async function writeDataset(file: string, megabytes: number): Promise<Dataset> {
  const next = generator(SEED);
  const hash = createHash('sha256');
  const handle = await open(file, 'w');
  let bytes = 0;
  let lines = 0;
  try {
    while (bytes < megabytes * 1_000_000) {
      let text = '';
      for (; text.length < BLOCK; lines += 1) text += line(lines, next);
      const block = Buffer.from(text, 'latin1');
      hash.update(block);
      await handle.write(block);
      bytes += block.length;
    }
  } finally {
    await handle.close();
  }
  return { file, bytes, lines, sha256: hash.digest('hex') };
}

function line(index: number, next: () => number): string {
  const bits = next();
  const path = PATHS[bits & 7] as string;
  return `${1_700_000_000_000 + index * 7} 10.${bits >>> 24}.${(bits >>> 16) & 255}.${(bits >>> 8) & 255} GET ${path}?id=${next().toString(36)} ${(bits & 31) === 0 ? 500 : 200} ${next() % 9_000}\n`;
}

/** Marsaglia's xorshift with 32 bits. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
