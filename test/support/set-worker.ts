import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import { withCoreParts } from '../../src/job/protocol/crash-point.ts';
import { redisMetastore } from '../../src/redis.ts';
import type { FileSystem } from '../../src/object-store/file/folder.ts';
import { fileObjectStoreOver, machineFiles } from '../../src/object-store/file/store.ts';
import type { ObjectStore } from '../../src/object-store/object-store.ts';
import type { WritePoint } from '../../src/state-store/internals.ts';
import { createStateStore } from '../../src/state-store/create-state-store.ts';
import { attemptHandle, TASK } from '../contract/state-store-parts.ts';
import { valueOf } from './set-values.ts';

/**
 * A process that loads what it needs for one kind of place, and waits for an order. It writes one value in the name of the second
 * attempt. It says `reached` where it was told to stop, and goes on once a line comes. It ends with the process that started it.
 */

/** Where it stops: at a place of the write, in the middle of the body, or before a call of the file system. */
export type Stop = WritePoint | 'body' | 'link' | 'unlink';

/** Where objects lie. */
export type SetPlace =
  | { readonly kind: 's3'; readonly port: number; readonly bucket: string; readonly prefix: string; readonly partSize: number }
  | { readonly kind: 'gcs'; readonly port: number; readonly bucket: string; readonly prefix: string }
  | { readonly kind: 'file'; readonly directory: string; readonly alias: string };

/** What it is told, as a line of JSON. */
export interface SetOrder {
  readonly operation: 'set' | 'setStream';
  /** `undefined`: nowhere of its own accord. */
  readonly stop: Stop | undefined;
  readonly redisPort: number;
  readonly namespace: string;
  readonly place: SetPlace;
}

const PIECE = 2 ** 20;
/** More than the first part of an upload, and than the piece that is held until more comes. */
const BEGUN = 10 * PIECE;

const lines = createInterface(process.stdin).on('close', () => process.exit(1));
const ordered = once(lines, 'line');
const film = valueOf('new');
const files = {
  ...machineFiles,
  link: async (from: string, to: string) => {
    await reach('link');
    await machineFiles.link(from, to);
  },
  unlink: async (path: string) => {
    await reach('unlink');
    await machineFiles.unlink(path);
  },
} as FileSystem;

const opened = await opener(process.argv.at(-1) as SetPlace['kind']);
const { operation, stop, redisPort, namespace, place } = JSON.parse(String((await ordered)[0])) as SetOrder;
const store = withCoreParts(
  createStateStore({
    metastore: redisMetastore({ client: new Redis(redisPort, '127.0.0.1').on('error', () => undefined) }),
    objectStore: opened(place),
    namespace,
    codec: 'none',
    commandTimeout: '1h',
  }),
  { writePoint: reach },
);
const state = await attemptHandle(store, TASK, 2);
if (operation === 'set') await state.set('film', film);
else await state.setStream('film', body());
console.log('done');

async function reach(at: Stop): Promise<void> {
  if (at !== stop) return;
  const goOn = once(lines, 'line');
  console.log('reached');
  await goOn;
}

async function* body(): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < film.length; from += PIECE) {
    if (from === BEGUN) await reach('body');
    yield film.subarray(from, from + PIECE);
  }
}

/** Loads the client of such places. */
async function opener(kind: SetPlace['kind']): Promise<(place: SetPlace) => ObjectStore> {
  if (kind === 's3') return openerOfS3();
  if (kind === 'gcs') return openerOfGcs();
  return (at) => {
    const { directory, alias } = at as PlaceOf<'file'>;
    return fileObjectStoreOver(files, { directory, alias });
  };
}

type PlaceOf<Kind> = Extract<SetPlace, { kind: Kind }>;

async function openerOfS3(): Promise<(place: SetPlace) => ObjectStore> {
  const [{ S3Client }, { s3ObjectStore }, { S3_CREDENTIALS, S3_REGION }] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('../../src/s3.ts'),
    import('./s3-server.ts'),
  ]);
  return (at) => {
    const { port, bucket, prefix, partSize } = at as PlaceOf<'s3'>;
    const endpoint = `http://127.0.0.1:${port}`;
    const client = new S3Client({ endpoint, region: S3_REGION, credentials: S3_CREDENTIALS, forcePathStyle: true });
    return s3ObjectStore({ client, bucket, prefix, partSize });
  };
}

async function openerOfGcs(): Promise<(place: SetPlace) => ObjectStore> {
  const [{ Storage }, { gcsObjectStore }] = await Promise.all([import('@google-cloud/storage'), import('../../src/gcs.ts')]);
  return (at) => {
    const { port, bucket, prefix } = at as PlaceOf<'gcs'>;
    const storage = new Storage({ apiEndpoint: `http://127.0.0.1:${port}`, projectId: 'mooring-test' });
    return gcsObjectStore({ bucket: storage.bucket(bucket), prefix });
  };
}
