import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { Bench } from '../harness/bench.ts';
import { bytes } from '../harness/settings.ts';
import { sustainedSides, type Operation } from '../harness/sustained.ts';
import { noise } from '../harness/values.ts';

/** `put` and `get` of the store for S3 alone, beside the bare commands of the SDK. */
export const objectStore: Bench = {
  about: 'put and get of the object store alone on MinIO, beside the commands of the SDK',
  apart: true,
  async *comparisons(rig) {
    const { sizes = [256, 65_536, 2 ** 20, 64 * 2 ** 20], lanes: counts = [1], seconds = 0.5 } = rig.settings;
    const minio = await rig.minio();
    const Bucket = await minio.bucket();
    for (const size of sizes) {
      const body = noise(size);
      const client = minio.client();
      const key = `bench/a/b/c/d/${size}.bin`;
      let made = 0;
      await client.send(new PutObjectCommand({ Bucket, Key: key, Body: body }));
      const label = 'the SDK alone';
      const puts: Operation[] = [
        {
          label,
          role: 'plain',
          run: () => client.send(new PutObjectCommand({ Bucket, Key: `raw/${(made += 1) % 64}`, Body: body })),
        },
      ];
      const gets: Operation[] = [
        {
          label,
          role: 'plain',
          run: async () => (await client.send(new GetObjectCommand({ Bucket, Key: key }))).Body?.transformToByteArray(),
        },
      ];
      for (const { label, role, s3 } of rig.builds) {
        const store = s3.s3ObjectStore({ client: minio.client(), bucket: Bucket, prefix: role });
        await store.put(key, body, { ifAbsent: false });
        puts.push({ label, role, run: () => store.put(`bench/a/b/c/d/${(made += 1) % 64}.bin`, body, { ifAbsent: false }) });
        gets.push({ label, role, run: () => store.get(key) });
      }
      for (const lanes of counts) {
        yield { name: `put ${bytes(size)}, ${lanes} in flight`, sides: sustainedSides(puts, { lanes, seconds }) };
        yield { name: `get ${bytes(size)}, ${lanes} in flight`, sides: sustainedSides(gets, { lanes, seconds }) };
      }
    }
  },
};
