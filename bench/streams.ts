import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileObjectStore } from '../src/file.ts';
import type { ObjectStore } from '../src/object-store/object-store.ts';
import { s3ObjectStore } from '../src/s3.ts';
import { memoryMetastore } from '../src/metastore/memory/store.ts';
import { concurrently } from '../src/async/concurrency.ts';
import { createStateStore } from '../src/state-store/create-state-store.ts';
import { startMinio } from '../test/support/minio.ts';

/**
 * Large objects: `npx tsx bench/streams.ts`. The first table compares reading an object in parts, at the same time, with one
 * `get`, in turns: `ONE_REQUEST`, `PART` and `LANES` of `src/state-store/objects/body.ts` follow it. MinIO is also asked through
 * a line on which each request gets 40 MB/s at most and waits 20 ms, as one of S3 in the same region does. The second table is
 * what `setStream` and `getStream` do in a second, compared with `put` and `get` of the same bytes.
 */

const MIB = 2 ** 20;
const ROUNDS = 5;
const SIZES = [4, 8, 16, 32, 64];
const WAYS = [
  { lanes: 2, part: 8 },
  { lanes: 4, part: 4 },
  { lanes: 4, part: 8 },
  { lanes: 8, part: 8 },
];

/** Reads an object in parts, as the state store does. */
async function inParts(store: ObjectStore, key: string, size: number, lanes: number, part: number): Promise<Uint8Array> {
  const into = new Uint8Array(size);
  const starts = Array.from({ length: Math.ceil(size / part) }, (_, index) => index * part);
  await concurrently(
    starts,
    async (start) => {
      let at = start;
      const chunks = await store.getStream(key, { start, end: Math.min(start + part, size) });
      for await (const chunk of chunks ?? []) {
        into.set(chunk, at);
        at += chunk.length;
      }
    },
    lanes,
  );
  return into;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Milliseconds that each takes, in turns, so that what else the machine does meets all; the first round warms up. */
async function inTurns(ways: readonly (() => Promise<unknown>)[]): Promise<number[]> {
  const times = ways.map((): number[] => []);
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [index, way] of ways.entries()) {
      const start = performance.now();
      await way();
      if (round > 0) times[index]?.push(performance.now() - start);
    }
  }
  return times.map(median);
}

/** The same store, on a line that is shorter than this machine's own. */
function onLine(store: ObjectStore, delay: number, bytesPerMs: number): ObjectStore {
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const paced = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const start = performance.now();
    let bytes = 0;
    for await (const chunk of chunks) {
      bytes += chunk.length;
      const ahead = bytes / bytesPerMs - (performance.now() - start);
      if (ahead > 1) await pause(ahead);
      yield chunk;
    }
  };
  return {
    ...store,
    async get(key, options) {
      await pause(delay);
      const chunks = await store.getStream(key, options);
      const all: Uint8Array[] = [];
      if (chunks) for await (const chunk of paced(chunks)) all.push(chunk);
      return Buffer.concat(all);
    },
    async getStream(key, options) {
      await pause(delay);
      const chunks = await store.getStream(key, options);
      return chunks && paced(chunks);
    },
  };
}

async function comparePartsWithOneGet(name: string, store: ObjectStore): Promise<void> {
  console.log(`\n${name}: one get, and how many times as fast in parts`);
  console.log(
    `${''.padEnd(8)}${'one get'.padStart(12)}${WAYS.map(({ lanes, part }) => `${lanes} x ${part} MiB`.padStart(12)).join('')}`,
  );
  for (const mebibytes of SIZES) {
    const size = mebibytes * MIB;
    const key = `bench/a/b/c/d/e/${mebibytes}`;
    await store.put(key, randomBytes(size), { ifAbsent: false });
    const [one = Number.NaN, ...others] = await inTurns([
      () => store.get(key),
      ...WAYS.map(
        ({ lanes, part }) =>
          () =>
            inParts(store, key, size, lanes, part * MIB),
      ),
    ]);
    const ratios = others.map((ms) => (one / ms).toFixed(2).padStart(12)).join('');
    console.log(`${`${mebibytes} MiB`.padEnd(8)}${`${(size / one / 1_000).toFixed(0)} MB/s`.padStart(12)}${ratios}`);
  }
}

async function compareStreams(name: string, objectStore: ObjectStore): Promise<void> {
  console.log(`\n${name}: streams of 64 MiB beside put and get of the same bytes, whose digest is taken too`);
  const bytes = Buffer.concat(
    Array.from({ length: 64 }, (_, index) => (index % 2 ? randomBytes(MIB) : Buffer.alloc(MIB, 'state '))),
  );
  async function* body(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
  }
  const drain = async (chunks: AsyncIterable<unknown> | undefined): Promise<void> => {
    for await (const _ of chunks ?? []);
  };
  let put = 0;
  const plainPut = async (): Promise<void> => {
    createHash('sha256').update(bytes).digest();
    await objectStore.put(`bench/a/b/c/d/e/put-${(put += 1)}`, bytes, { ifAbsent: true });
  };
  const plainGet = async (): Promise<void> => {
    createHash('sha256')
      .update((await objectStore.get('bench/a/b/c/d/e/put-1')) as Uint8Array)
      .digest();
  };
  for (const codec of ['none', 'gzip', 'snappy'] as const) {
    const state = createStateStore({ metastore: memoryMetastore(), objectStore, codec }).task({ flow: 'f', run: 'r', task: 't' });
    await plainPut();
    const [set = 0, plainSet = 0] = await inTurns([() => state.setStream('k', body()), plainPut]);
    const [get = 0, plainRead = 0] = await inTurns([async () => drain(await state.getStream('k')), plainGet]);
    const rate = (ms: number): string => `${(bytes.length / ms / 1_000).toFixed(0)} MB/s`.padStart(10);
    console.log(
      `${codec.padEnd(8)} setStream${rate(set)}  ${(plainSet / set).toFixed(2)} of put    getStream${rate(get)}  ${(plainRead / get).toFixed(2)} of get`,
    );
  }
}

const directory = await mkdtemp(join(tmpdir(), 'mooring-bench-'));
const minio = await startMinio();
try {
  const files = fileObjectStore({ directory });
  const bucket = s3ObjectStore({ client: minio.client(), bucket: await minio.bucket() });
  await comparePartsWithOneGet('file', files);
  await comparePartsWithOneGet('MinIO', bucket);
  await comparePartsWithOneGet('MinIO on a line', onLine(bucket, 20, 40_000));
  await compareStreams('file', files);
  await compareStreams('MinIO', bucket);
} finally {
  await minio.stop();
  await rm(directory, { recursive: true, force: true });
}
