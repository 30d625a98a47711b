import { performance } from 'node:perf_hooks';
import type { ObjectStore } from '../../src/index.ts';
import type { Bench } from '../harness/bench.ts';
import type { Figures } from '../harness/figures.ts';
import { bytes } from '../harness/settings.ts';
import { noise } from '../harness/values.ts';

/**
 * Reading a large object by several requests at the same time, beside one `get`: the sizes of parts in `src/state-store/objects`
 * follow this. MinIO is also asked through a line on which each request gets 40 MB/s at most and waits 20 ms, as one of S3 in
 * the same region does.
 */

const WAYS = [
  { lanes: 2, part: 8 },
  { lanes: 4, part: 4 },
  { lanes: 4, part: 8 },
  { lanes: 8, part: 8 },
];

/** One request, or several. */
export const parts: Bench = {
  about: 'a large object read by several requests at the same time, beside one get',
  apart: true,
  async *comparisons(rig) {
    const { sizes = [4, 8, 16, 64].map((mebibytes) => mebibytes * 2 ** 20) } = rig.settings;
    const [build] = rig.builds;
    if (!build) return;
    const minio = await rig.minio();
    const bucket = build.s3.s3ObjectStore({ client: minio.client(), bucket: await minio.bucket() });
    const files = build.file.fileObjectStore({ directory: await rig.folder() });
    for (const [place, store] of Object.entries({ files, MinIO: bucket, 'MinIO on a line': onLine(bucket, 20, 40_000) })) {
      for (const size of sizes) {
        const key = `bench/a/b/c/d/${size}.bin`;
        await store.put(key, noise(size), { ifAbsent: false });
        yield {
          name: `${bytes(size)} from ${place}`,
          sides: [
            { label: 'one get', role: 'plain', measure: () => timed(size, () => store.get(key)) },
            ...WAYS.map(({ lanes, part }) => ({
              label: `${lanes} at a time, ${part} MiB each`,
              role: 'this' as const,
              measure: () => timed(size, () => inParts(store, key, size, lanes, part * 2 ** 20)),
            })),
          ],
        };
      }
    }
  },
};

async function inParts(store: ObjectStore, key: string, size: number, lanes: number, part: number): Promise<Uint8Array> {
  const into = new Uint8Array(size);
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let start = next; start < size; start = next) {
      next = start + part;
      let at = start;
      const chunks = await store.getStream(key, { start, end: Math.min(start + part, size) });
      for await (const chunk of chunks ?? []) {
        into.set(chunk, at);
        at += chunk.length;
      }
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return into;
}

async function timed(size: number, work: () => Promise<unknown>): Promise<Figures> {
  const start = performance.now();
  await work();
  return { speed: size / (performance.now() - start) / 1_000 };
}

/** The same store, on a line that is slower than this machine's own. */
function onLine(store: ObjectStore, delay: number, bytesPerMs: number): ObjectStore {
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const paced = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const start = performance.now();
    let length = 0;
    for await (const chunk of chunks) {
      length += chunk.length;
      const ahead = length / bytesPerMs - (performance.now() - start);
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
