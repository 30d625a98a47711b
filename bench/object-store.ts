import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { performance } from 'node:perf_hooks';
import { startMinio } from '../test/support/minio.ts';
import type { ObjectStore } from '../src/object-store/object-store.ts';
import { s3ObjectStore } from '../src/s3.ts';

/**
 * What an object store costs, compared with its client: `npx tsx bench/object-store.ts`, on a MinIO of its own. `put` and `get`
 * beside the bare commands with the same bytes, and a large body in parts beside the same parts one after another; in turns
 * within one run. Prints operations, or MB, per second and the ratio.
 */

const ROUNDS = 15;
const SECONDS = 0.25;
const PART = 8 * 2 ** 20;
const LARGE = 64 * 2 ** 20;
const SIZES = [
  { name: '256 B', size: 256 },
  { name: '64 KiB', size: 65_536 },
  { name: '1 MiB', size: 2 ** 20 },
];

/** Operations per second. */
async function rate(operation: () => Promise<unknown>): Promise<number> {
  let done = 0;
  const start = performance.now();
  do {
    await operation();
    done += 1;
  } while (performance.now() - start < SECONDS * 1_000);
  return done / ((performance.now() - start) / 1_000);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Both in turns, so that what else the machine does meets both. */
async function compare(label: string, unit: number, ours: () => Promise<unknown>, plain: () => Promise<unknown>): Promise<void> {
  const rates: [number[], number[]] = [[], []];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const [own, raw] = [await rate(ours), await rate(plain)];
    // The first round warms up.
    if (round === 0) continue;
    rates[0].push(own);
    rates[1].push(raw);
  }
  const [own, raw] = rates.map(median) as [number, number];
  const shown = [own, raw].map((value) => (value * unit).toFixed(0).padStart(6));
  console.log(`${label.padEnd(34)} ${shown[0]}/s of ${shown[1]}/s  ${(own / raw).toFixed(2)}`);
}

async function uploadInTurn(client: S3Client, Bucket: string, Key: string, body: Uint8Array): Promise<void> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket, Key, ChecksumAlgorithm: 'CRC32' }));
  const Parts = [];
  for (let at = 0; at < body.length; at += PART) {
    const PartNumber = at / PART + 1;
    const { ETag, ChecksumCRC32 } = await client.send(
      new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body: body.subarray(at, at + PART) }),
    );
    Parts.push({ PartNumber, ETag, ChecksumCRC32 });
  }
  await client.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }));
}

async function drain(body: AsyncIterable<Uint8Array> | undefined): Promise<void> {
  for await (const chunk of body ?? []) void chunk;
}

const server = await startMinio();
try {
  const Bucket = await server.bucket();
  const client = server.client();
  const store: ObjectStore = s3ObjectStore({ client, bucket: Bucket, prefix: 'bench' });
  let made = 0;
  const next = (): string => `bench/a/b/c/-1/k/${(made += 1)}.bin`;

  for (const { name, size } of SIZES) {
    const body = Buffer.alloc(size, 'state ');
    await store.put(`bench/a/b/c/-1/read/${size}.bin`, body, { ifAbsent: false });
    await compare(
      `${name} put`,
      1,
      () => store.put(next(), body, { ifAbsent: true }),
      () => client.send(new PutObjectCommand({ Bucket, Key: `raw/${next()}`, Body: body })),
    );
    await compare(
      `${name} get`,
      1,
      () => store.get(`bench/a/b/c/-1/read/${size}.bin`),
      async () => {
        const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: `bench/bench/a/b/c/-1/read/${size}.bin` }));
        return Body?.transformToByteArray();
      },
    );
  }

  const body = Buffer.alloc(LARGE, 'film ');
  const megabytes = LARGE / 1e6;
  const film = 'bench/a/b/c/-1/film/1.bin';
  await compare(
    '64 MiB in parts, MB',
    megabytes,
    () => store.put(film, body, { ifAbsent: false }),
    () => uploadInTurn(client, Bucket, 'raw/film', body),
  );
  await compare(
    '64 MiB read as a stream, MB',
    megabytes,
    async () => drain(await store.getStream(film)),
    async () => {
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: 'raw/film' }));
      await drain(Body as AsyncIterable<Uint8Array> | undefined);
    },
  );
} finally {
  await server.stop();
}
