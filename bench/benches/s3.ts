import { GetObjectCommand, HeadObjectCommand, NotFound, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { contextOf, openStore } from '../harness/attempt.ts';
import type { Bench } from '../harness/bench.ts';
import { loadPeer } from '../harness/peers.ts';
import { bytes } from '../harness/settings.ts';
import { sustainedSides, type Operation } from '../harness/sustained.ts';
import { noise, records } from '../harness/values.ts';

/** Large values in a MinIO of our own, beside the bare commands of the SDK with the same bytes, which touch no Redis. */
export const s3: Bench = {
  about: 'set and get of 1 MiB on MinIO, beside PutObject and GetObject of the SDK',
  async *comparisons(rig) {
    const { sizes = [2 ** 20], lanes: counts = [1, 8], seconds = 0.5 } = rig.settings;
    const [redis, minio] = [await rig.redis(), await rig.minio()];
    const Bucket = await minio.bucket();
    for (const size of sizes) {
      for (const [kind, value] of Object.entries({ bytes: noise(size), JSON: records(size) })) {
        const sets: Operation[] = [];
        const gets: Operation[] = [];
        const client = minio.client();
        let made = 0;
        const body = (): Uint8Array | string => (value instanceof Uint8Array ? value : JSON.stringify(value));
        const read = async (): Promise<unknown> => {
          const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: `raw/${kind}` }));
          return value instanceof Uint8Array
            ? Body?.transformToByteArray()
            : (JSON.parse((await Body?.transformToString()) ?? '') as unknown);
        };
        await client.send(new PutObjectCommand({ Bucket, Key: `raw/${kind}`, Body: body() }));
        const label = 'the SDK alone';
        sets.push({
          label,
          role: 'plain',
          run: () => client.send(new PutObjectCommand({ Bucket, Key: `raw/${(made += 1)}`, Body: body() })),
        });
        gets.push({ label, role: 'plain', run: read });
        for (const build of rig.builds) {
          const objectStore = build.s3.s3ObjectStore({ client: minio.client(), bucket: Bucket, prefix: build.role });
          const { state } = contextOf(rig, build, openStore(rig, build, redis.connect(), { objectStore }), `s3-${kind}-${size}`);
          await state.set('key-0', value);
          sets.push({ label: build.label, role: build.role, run: (n) => state.set(`key-${n % 16}`, value) });
          gets.push({ label: build.label, role: build.role, run: () => state.get('key-0') });
        }
        if (rig.settings.peers && value instanceof Uint8Array) {
          const driver = await temporalDriver(minio.client(), Bucket);
          const claim = await driver.store(value);
          sets.push({ label: "Temporal's driver", role: 'peer', run: () => driver.store(value) });
          gets.push({ label: "Temporal's driver", role: 'peer', run: () => driver.retrieve(claim) });
        }
        for (const lanes of counts) {
          const options = { lanes, seconds };
          yield { name: `set on MinIO, ${bytes(size)} of ${kind}, ${lanes} in flight`, sides: sustainedSides(sets, options) };
          yield { name: `get on MinIO, ${bytes(size)} of ${kind}, ${lanes} in flight`, sides: sustainedSides(gets, options) };
        }
      }
    }
  },
};

interface Driver {
  store(context: object, payloads: readonly object[]): Promise<readonly object[]>;
  retrieve(context: object, claims: readonly object[]): Promise<readonly object[]>;
}

/** Its objects are named by their digest: each payload is another one, as it is with a workflow. */
async function temporalDriver(client: S3Client, bucket: string) {
  const { S3StorageDriver } = await loadPeer<{ S3StorageDriver: new (options: object) => Driver }>(
    '@temporalio/external-storage-s3',
  );
  const driver = new S3StorageDriver({
    bucket,
    client: {
      putObject: (Bucket: string, Key: string, Body: Uint8Array) => client.send(new PutObjectCommand({ Bucket, Key, Body })),
      objectExists: (Bucket: string, Key: string) =>
        client.send(new HeadObjectCommand({ Bucket, Key })).then(
          () => true,
          (error: unknown) => {
            if (error instanceof NotFound) return false;
            throw error;
          },
        ),
      getObject: async (Bucket: string, Key: string) =>
        (await client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToByteArray(),
    },
  });
  const target = { kind: 'workflow', namespace: 'bench', type: 'transcode', id: 'w1', runId: 'r1' };
  let stored = 0;
  return {
    async store(data: Uint8Array): Promise<object> {
      stored += 1;
      const metadata = { encoding: Buffer.from('binary/plain'), number: Buffer.from(String(stored)) };
      const [claim = {}] = await driver.store({ target }, [{ metadata, data }]);
      return claim;
    },
    retrieve: (claim: object) => driver.retrieve({ target }, [claim]),
  };
}
