import { beforeEach, describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';
import { StoreUnavailableError } from '../../../../src/model/errors/store.ts';
import { gcsObjectStoreOf } from '../../../../src/object-store/gcs/store.ts';
import type { ObjectStore } from '../../../../src/object-store/object-store.ts';
import { createStateStoreWith } from '../../../../src/state-store/create-state-store.ts';
import type { StateHandle } from '../../../../src/state-store/state-handle.ts';
import { memoryMetastore, memoryObjectStore } from '../../../../src/testing.ts';
import { chunked } from '../../../contract/state-store-stream-parts.ts';
import { fakeS3 } from '../../../support/fake-s3.ts';
import { fakeBucket, withoutPauses } from '../../../support/gcs-bucket.ts';
import { handTimer, type HandTimer } from '../../../support/hand-timer.ts';

/** Deadlines over a line on which bytes take their time. They know how much is moved. */

const MIB = 2 ** 20;
/** Bytes in a millisecond: 2 Mbit/s, at which 3 MiB outlast the base. */
const LINE = 250;
const CHUNK = MIB / 4;

let clock: HandTimer;
/** Milliseconds that the line was busy. */
let busy: number;
let hung: boolean;

/** Moves bytes over the line, in steps, so that a deadline in the middle is met there. */
async function move(bytes: number): Promise<void> {
  if (hung) await new Promise(() => undefined);
  for (let left = bytes; left > 0; left -= CHUNK) {
    const ms = Math.min(left, CHUNK) / LINE;
    busy += ms;
    clock.pass(ms);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A store that says nothing of its progress, and gives what it is asked for in one chunk. */
function silent(inner: ObjectStore = memoryObjectStore()): ObjectStore {
  return {
    ...inner,
    async put(key, body, options) {
      const bytes = body instanceof Uint8Array ? body : Buffer.concat(await Readable.from(body).toArray());
      await move(bytes.length);
      return inner.put(key, bytes, options);
    },
    async get(key, options) {
      const bytes = await inner.get(key, options);
      await move(bytes?.length ?? 0);
      return bytes;
    },
    async getStream(key, options) {
      const stream = await inner.getStream(key, options);
      if (!stream) return undefined;
      const bytes = Buffer.concat(await Readable.from(stream).toArray());
      return (async function* whole() {
        await move(bytes.length);
        yield bytes;
      })();
    },
  };
}

/** Our store over an S3 that sends what comes in chunks. */
function s3(): ObjectStore {
  const objects = new Map<string, Buffer>();
  const parts = new Map<number, Buffer>();
  return fakeS3(
    async ({ operation, input }) => {
      const key = String(input['Key']);
      switch (operation) {
        case 'CreateMultipartUpload':
          return { UploadId: 'u' };
        case 'UploadPart': {
          const body = input['Body'] as Buffer;
          await move(body.length);
          parts.set(Number(input['PartNumber']), Buffer.from(body));
          return { ETag: 'e' };
        }
        case 'CompleteMultipartUpload':
          objects.set(key, Buffer.concat([...parts].sort(([a], [b]) => a - b).map(([, bytes]) => bytes)));
          return {};
        case 'PutObject':
          await move((input['Body'] as Buffer).length);
          objects.set(key, Buffer.from(input['Body'] as Buffer));
          return {};
        case 'GetObject': {
          const whole = objects.get(key);
          if (!whole) throw Object.assign(new Error('gone'), { name: 'NoSuchKey', $metadata: { httpStatusCode: 404 } });
          const [, from = '0', to] = /^bytes=(\d+)-(\d*)$/.exec(String(input['Range'])) ?? [];
          const end = Math.min(to ? Number(to) + 1 : whole.length, whole.length);
          const body = (async function* chunks() {
            for (let at = Number(from); at < end; at += CHUNK) {
              const chunk = whole.subarray(at, Math.min(at + CHUNK, end));
              await move(chunk.length);
              yield chunk;
            }
          })();
          return { Body: body, ContentRange: `bytes ${from}-${end - 1}/${whole.length}` };
        }
        case 'ListObjectsV2':
          return {};
        default:
          return {};
      }
    },
    { timer: clock.timer },
  ).store;
}

function open(objectStore: ObjectStore): StateHandle {
  const store = createStateStoreWith({ metastore: memoryMetastore(), objectStore, codec: 'none' }, clock.timer);
  return store.task({ flow: 'f', run: 'r', task: 't' });
}

beforeEach(() => {
  clock = handTimer();
  busy = 0;
  hung = false;
});

describe.each<[string, () => ObjectStore]>([
  ['a store that says nothing of its progress', () => silent()],
  ['S3', s3],
])('over a slow line, through %s', (_name, make) => {
  it.each([5, 15, 20])('a value of %i MiB comes back', async (mib) => {
    const state = open(make());
    const value = Buffer.alloc(mib * MIB, 'a film ');

    await state.set('k', value);
    const found = (await state.get('k')) as Uint8Array;

    expect(Buffer.compare(found, value)).toBe(0);
    expect(busy).toBeGreaterThan(2 * 20_000);
    expect(clock.running()).toBe(0);
  });

  it('a stream comes back', async () => {
    const state = open(make());
    const value = Buffer.alloc(20 * MIB, 'a film ');

    await state.setStream('k', chunked(value));
    const stream = (await state.getStream('k')) as AsyncIterable<Uint8Array>;

    expect(Buffer.compare(Buffer.concat(await Readable.from(stream).toArray()), value)).toBe(0);
    expect(clock.running()).toBe(0);
  });
});

it('a part that is asked of Google Cloud Storage may take as long as its bytes come', async () => {
  const { bucket } = fakeBucket();
  const objectStore = gcsObjectStoreOf({ ...withoutPauses, timer: clock.timer }, { bucket });
  const state = open(objectStore);
  await state.set('k', Buffer.alloc(2 * MIB, 1));

  // Each chunk that comes begins the wait anew, so that none of these waits is for all of the bytes.
  const waits: number[] = [];
  const { timer } = clock;
  const patient = createStateStoreWith(
    { metastore: memoryMetastore(), objectStore: { ...objectStore, alias: 'other' }, codec: 'none' },
    (ms, fire) => {
      waits.push(ms);
      return timer(ms, fire);
    },
  );
  const own = patient.task({ flow: 'f', run: 'r', task: 't' });
  await own.set('k', Buffer.alloc(2 * MIB, 2));
  waits.length = 0;
  await own.get('k');

  expect(waits.filter((ms) => ms === 26_000)).toHaveLength(1);
  expect(waits.filter((ms) => ms === 10_000).length).toBeGreaterThan(1);
});

describe('a store that hangs', () => {
  it('is given up after the base and the time of the bytes', async () => {
    const state = open(silent());
    await state.set('k', Buffer.alloc(MIB));
    hung = true;
    const outcome = state.set('film', Buffer.alloc(5 * MIB)).then(
      () => 'stored',
      (error: unknown) => error,
    );
    await new Promise((resolve) => setImmediate(resolve));
    clock.pass(49_999);
    await new Promise((resolve) => setImmediate(resolve));
    clock.pass(1);

    await expect(outcome).resolves.toBeInstanceOf(StoreUnavailableError);
    await expect(outcome).resolves.toMatchObject({ message: expect.stringContaining('took longer than 50000 ms') });
  });

  it('is given up after the base alone if it would say that bytes come', async () => {
    const state = open(s3());
    await state.set('film', Buffer.alloc(5 * MIB));
    hung = true;
    const outcome = state.get('film').then(
      () => 'read',
      (error: unknown) => error,
    );
    await new Promise((resolve) => setImmediate(resolve));
    clock.pass(10_000);

    await expect(outcome).resolves.toMatchObject({ message: expect.stringContaining('took longer than 10000 ms') });
  });
});
