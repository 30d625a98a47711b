import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { ObjectStore } from '../../src/index.ts';
import { contextOf, openStore } from '../harness/attempt.ts';
import type { Bench } from '../harness/bench.ts';
import type { Figures } from '../harness/figures.ts';
import { bytes } from '../harness/settings.ts';
import { noise } from '../harness/values.ts';

const CHUNK = 65_536;

/** Streams through a state store, beside put and get of the same bytes, whose digest is taken too. Half of them compress. */
export const streams: Bench = {
  about: 'setStream and getStream of 64 MiB, beside put and get of the object store',
  async *comparisons(rig) {
    const { sizes = [64 * 2 ** 20] } = rig.settings;
    const [redis, minio] = [await rig.redis(), await rig.minio()];
    const directory = await rig.folder();
    const bucket = await minio.bucket();
    for (const size of sizes) {
      const half = noise(size >> 1);
      const body = Buffer.concat([half, Buffer.alloc(size - half.length, 'state ')]);
      for (const place of ['files', 'MinIO'] as const) {
        for (const codec of ['none', 'gzip', 'snappy'] as const) {
          const opened = rig.builds.map((build) => {
            const objectStore: ObjectStore =
              place === 'files'
                ? build.file.fileObjectStore({ directory })
                : build.s3.s3ObjectStore({ client: minio.client(), bucket, prefix: build.role });
            const store = openStore(rig, build, redis.connect(), { objectStore, codec });
            const { state } = contextOf(rig, build, store, `streams-${place}-${codec}-${size}`);
            return { of: { label: build.label, role: build.role }, objectStore, state };
          });
          const plain = opened[0]?.objectStore;
          if (!plain) return;
          const key = `bench/plain/b/c/d/${place}.bin`;
          await plain.put(key, body, { ifAbsent: false });
          for (const { state } of opened) await state.setStream('film', chunks(body));
          const named = (what: string): string => `${what}, ${place}, ${bytes(size)}, ${codec}`;
          yield {
            name: named('setStream'),
            sides: [
              {
                label: 'put of the object store',
                role: 'plain',
                measure: () => timed(size, async () => (digest(body), plain.put(key, body, { ifAbsent: false }))),
              },
              ...opened.map(({ of, state }) => ({
                ...of,
                measure: () => timed(size, () => state.setStream('film', chunks(body))),
              })),
            ],
          };
          yield {
            name: named('getStream'),
            sides: [
              {
                label: 'get of the object store',
                role: 'plain',
                measure: () => timed(size, async () => digest((await plain.get(key)) ?? body)),
              },
              ...opened.map(({ of, state }) => ({
                ...of,
                measure: () =>
                  timed(size, async () => {
                    for await (const _chunk of (await state.getStream('film')) ?? []);
                  }),
              })),
            ],
          };
        }
      }
    }
  },
};

async function* chunks(body: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < body.length; at += CHUNK) yield body.subarray(at, at + CHUNK);
}

const digest = (body: Uint8Array): string => createHash('sha256').update(body).digest('hex');

async function timed(size: number, work: () => Promise<unknown>): Promise<Figures> {
  const [start, before] = [performance.now(), process.cpuUsage()];
  await work();
  const time = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return { speed: size / time / 1_000, client: user + system };
}
