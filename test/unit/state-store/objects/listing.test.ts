import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoreUnavailableError } from '../../../../src/model/errors/store.ts';
import type { FileSystem } from '../../../../src/object-store/file/folder.ts';
import { fileObjectStoreOver, machineFiles } from '../../../../src/object-store/file/store.ts';
import { gcsObjectStoreOf } from '../../../../src/object-store/gcs/store.ts';
import type { ObjectStore } from '../../../../src/object-store/object-store.ts';
import type { Internals } from '../../../../src/state-store/internals.ts';
import { listObjects, stepped } from '../../../../src/state-store/objects/listing.ts';
import { all } from '../../../contract/object-store.ts';
import { fakeS3 } from '../../../support/fake-s3.ts';
import { fakeBucket, withoutPauses } from '../../../support/gcs-bucket.ts';

/** The deadline of a listing bounds each of its folders and pages, also where they hold nothing to show. */

const DEADLINE = 100;
const PARTS = 6;

let directory: string;
let timers: Set<{ left: number; fire: () => void }>;
let core: Internals;

/** Time passes, as a test says. */
function pass(ms: number): void {
  for (const one of timers) {
    one.left -= ms;
    if (one.left <= 0 && timers.delete(one)) one.fire();
  }
}

beforeEach(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'mooring-objects-')));
  timers = new Set();
  core = {
    commandTimeout: DEADLINE,
    timer: (ms, fire) => {
      const one = { left: ms, fire };
      timers.add(one);
      return () => void timers.delete(one);
    },
  } satisfies Partial<Internals> as unknown as Internals;
});
afterEach(() => rm(directory, { recursive: true }));

type Slow = (ms: number) => Promise<ObjectStore>;

/** A folder with files of others in each of its folders. */
const slowFolder: Slow = async (ms) => {
  for (let part = 0; part < PARTS; part += 1) {
    await mkdir(join(directory, `others/${part}`), { recursive: true });
    await writeFile(join(directory, `others/${part}/note.txt`), 'of a person');
  }
  const readdir = async (...args: Parameters<typeof machineFiles.readdir>): Promise<unknown> => {
    pass(ms);
    return machineFiles.readdir(...args);
  };
  return fileObjectStoreOver({ ...machineFiles, readdir } as unknown as FileSystem, { directory });
};

/** A bucket with pages of objects, and of uploads, of others. */
const slowS3: Slow = async (ms) => {
  let page = 0;
  const { store } = fakeS3(() => {
    pass(ms);
    page += 1;
    const more = { IsTruncated: page < PARTS, NextContinuationToken: 'next', NextKeyMarker: 'next' };
    const others = [{ Key: `others/${page}`, Size: 1, LastModified: new Date(0), UploadId: 'u', Initiated: new Date(0) }];
    return { Contents: others, Uploads: others, ...more };
  });
  return store;
};

/** A bucket with pages of objects of others. */
const slowGcs: Slow = async (ms) => {
  const { bucket, objects, next } = fakeBucket();
  const takeTime = (): boolean => {
    pass(ms);
    return false;
  };
  next(takeTime, { kind: 'hang' });
  for (let at = 0; at < 1_000 * (PARTS - 1); at += 1) {
    objects.set(`others/${at}`, { bytes: Buffer.of(1), generation: 1, metadata: {}, at: 0 });
  }
  return gcsObjectStoreOf(withoutPauses, { bucket });
};

async function listed(store: ObjectStore): Promise<unknown[]> {
  return all(listObjects(core, { store, where: {}, call: {} }, ''));
}

async function leftIn(store: ObjectStore): Promise<unknown[]> {
  const unfinished = store.unfinished?.bind(store);
  if (!unfinished) throw new Error('the store leaves none');
  const begin = (call: { signal: AbortSignal }): AsyncIterable<unknown> =>
    unfinished(new Date(), { ...call, prefix: '', remove: false });
  return all(stepped(core, { store, where: {}, call: {} }, 'looking', begin));
}

describe.each<[string, Slow, (store: ObjectStore) => Promise<unknown[]>]>([
  ['the objects of a folder', slowFolder, listed],
  ['what puts left in a folder', slowFolder, leftIn],
  ['the objects of S3', slowS3, listed],
  ['the uploads of S3', slowS3, leftIn],
  ['the objects of Google Cloud Storage', slowGcs, listed],
])('looking through %s', (_what, slow, look) => {
  it('may take longer than the deadline as a whole, where none is ours', async () => {
    const store = await slow(DEADLINE * 0.6);

    await expect(look(store)).resolves.toEqual([]);

    expect(timers.size).toBe(0);
  });

  it('may not take longer than the deadline for one folder or page', async () => {
    const store = await slow(DEADLINE);

    await expect(look(store)).rejects.toBeInstanceOf(StoreUnavailableError);

    expect(timers.size).toBe(0);
  });
});
