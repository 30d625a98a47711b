import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { Encryption } from '../../src/codec/codec.ts';
import type { ObjectStore } from '../../src/object-store/object-store.ts';
import { TASK, type openOver } from './state-store-parts.ts';

/** What the tests of streams share. */

/** One mebibyte: what a frame holds. */
export const MIB: number = 2 ** 20;

const made = new Map<string, Uint8Array>();

/** Bytes of which every other MiB shrinks, and the others do not. The same ones again for the same arguments. */
export function mixedBytes(size: number, seed = 1): Uint8Array {
  const name = `${size} ${seed}`;
  const known = made.get(name);
  if (known) return known;
  const bytes = Buffer.alloc(size, `row ${seed} `);
  for (let at = MIB; at < size; at += 2 * MIB) noiseOf(seed + at).copy(bytes, at);
  made.set(name, bytes);
  return bytes;
}

/** One MiB of what no codec makes smaller: the key stream of a cipher. */
function noiseOf(seed: number): Buffer {
  const key = createHash('sha256').update(String(seed)).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(MIB));
}

/** A stream of bytes in chunks of a size. */
export async function* chunked(bytes: Uint8Array, size = 65_536): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield Promise.resolve(bytes.subarray(at, at + size));
}

/** All that a stream gives. */
export async function drained(stream: Readable | undefined): Promise<Buffer> {
  if (!stream) throw new Error('there is no stream');
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks);
}

/** What bytes are, in a form that a failed comparison can print. */
export function told(bytes: Uint8Array | undefined): string {
  return bytes ? `${bytes.length} bytes ${createHash('sha256').update(bytes).digest('hex')}` : 'nothing';
}

/** AES-256-GCM with the path as additional data; what it was called with is in `seen`. */
export function gcm(name = 'gcm', key: Uint8Array = new Uint8Array(32).fill(7), seen: string[] = []): Encryption {
  return {
    name,
    async encrypt(bytes, { path }) {
      seen.push(path);
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(path));
      return Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
    },
    async decrypt(bytes, { path }) {
      const tag = bytes.subarray(-16);
      const cipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
      cipher.setAAD(Buffer.from(path)).setAuthTag(tag);
      return Buffer.concat([cipher.update(bytes.subarray(12, -16)), cipher.final()]);
    },
  };
}

/** Uploads that were begun and neither finished nor ended. */
export async function unfinishedOf(store: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  const uploads = store.unfinished?.(new Date(Date.now() + 3_600_000), { prefix: '', remove: false });
  if (uploads) for await (const { key } of uploads) keys.push(key);
  return keys;
}

/** A source that gives what it has and then nothing more, until it is told to stop. */
export interface HangingSource {
  body: AsyncIterable<Uint8Array>;
  /** Whether all it had was taken. */
  readonly hangs: boolean;
  readonly stopped: boolean;
}

/** Gives the bytes, then hangs. */
export function hangingSource(bytes: Uint8Array): HangingSource {
  const chunks = chunked(bytes);
  let hangs = false;
  let stopped = false;
  return {
    body: {
      [Symbol.asyncIterator]: () => ({
        async next() {
          const step = await chunks.next();
          if (!step.done) return step;
          hangs = true;
          return new Promise<never>(() => undefined);
        },
        async return() {
          stopped = true;
          return { done: true, value: undefined };
        },
      }),
    },
    get hangs() {
      return hangs;
    },
    get stopped() {
      return stopped;
    },
  };
}

/** What a promise rejects with; `undefined` where it does not. */
export async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Both ways to read what was written as a stream. */
export const READS: [string, (state: ReturnType<typeof openOver>) => Promise<unknown>][] = [
  ['getStream', async (store) => drained(await store.task(TASK).getStream('k'))],
  ['get', (store) => store.task(TASK).get('k')],
];
