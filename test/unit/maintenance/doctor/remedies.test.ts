import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { doctor } from '../../../../src/maintenance/doctor/doctor.ts';
import type { Finding } from '../../../../src/maintenance/doctor/finding.ts';
import { memoryMetastore } from '../../../../src/metastore/memory/store.ts';
import type { Metastore } from '../../../../src/metastore/metastore.ts';
import type { FileSystem } from '../../../../src/object-store/file/folder.ts';
import { fileObjectStoreOver, machineFiles } from '../../../../src/object-store/file/store.ts';
import type { ObjectStore } from '../../../../src/object-store/object-store.ts';
import { createStateStore } from '../../../../src/state-store/create-state-store.ts';
import { fakeS3, sdkError } from '../../../support/fake-s3.ts';
import { interceptMetastore } from '../../../support/intercept.ts';

/** What `doctor()` tells a person to do: for a folder, for a bucket, and for an error that it does not know. */

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mooring-objects-'));
});

afterEach(() => rm(directory, { recursive: true, force: true, maxRetries: 10 }));

async function errorOf(objectStore: ObjectStore, metastore: Metastore = memoryMetastore()): Promise<Finding | undefined> {
  await using store = createStateStore({ metastore, objectStore, commandTimeout: 1_000 });
  return (await doctor(store)).find(({ level }) => level === 'error');
}

/** A folder whose file system fails with this when a folder is made, and names the path as Node does. */
function failingFolder(code: string): ObjectStore {
  const refused = Object.assign(new Error(`${code}: planted, mkdir '/srv/hunter2'`), { code, path: '/srv/hunter2' });
  const fs = { ...machineFiles, mkdir: () => Promise.reject(refused) } as unknown as FileSystem;
  return fileObjectStoreOver(fs, { directory, alias: 'files' });
}

describe('a folder', () => {
  test.each([
    ['EACCES', /^Let the user of this process read, write and enter the folder/],
    ['EPERM', /^Let the user of this process read, write and enter the folder/],
    ['ENOSPC', /^Make room on its disk/],
    ['EDQUOT', /^Make room on its disk/],
    ['EROFS', /^Mount its file system for writing/],
    ['EIO', /log of the system/],
    ['EMFILE', /ulimit -n/],
    ['ESTALE', /^Mount the disk again/],
    ['ENOSYS', /^See that the folder is there/],
  ])('that fails with %s has a remedy of its own', async (code, remedy) => {
    const finding = await errorOf(failingFolder(code));

    expect(finding).toEqual({
      level: 'error',
      check: 'object-store',
      message: `putting an object failed (${code}) [store=files]`,
      remedy: expect.stringMatching(remedy),
    });
  });

  test('never has the path of a file in what is said', async () => {
    const finding = await errorOf(failingFolder('EACCES'));

    expect(JSON.stringify(finding)).not.toContain('hunter2');
  });

  test('that is gone is to be mounted again', async () => {
    const objectStore = fileObjectStoreOver(machineFiles, { directory, alias: 'files' });
    await rm(directory, { recursive: true });

    const finding = await errorOf(objectStore);

    expect(finding).toMatchObject({
      message: expect.stringContaining('(ERR_FOLDER_GONE)'),
      remedy: expect.stringMatching(/^Mount the disk again/),
    });
  });

  test('with a link inside is told so', async () => {
    const objectStore = fileObjectStoreOver(machineFiles, { directory, alias: 'files' });
    await symlink(tmpdir(), join(directory, 'default'));

    const finding = await errorOf(objectStore);

    expect(finding).toMatchObject({
      message: expect.stringContaining('(ERR_FOLDER_LINK)'),
      remedy: expect.stringMatching(/^Take the link out/),
    });
  });

  test('that does not answer is no bucket either', async () => {
    const silent = { ...machineFiles, mkdir: () => new Promise(() => undefined) } as unknown as FileSystem;

    const finding = await errorOf(fileObjectStoreOver(silent, { directory }));

    expect(finding).toMatchObject({
      message: expect.stringMatching(/took longer than 1000 ms/),
      remedy: expect.stringMatching(/^See that the folder is there, that its disk answers/),
    });
  });

  test('has no rules', async () => {
    await using store = createStateStore({
      metastore: memoryMetastore(),
      objectStore: fileObjectStoreOver(machineFiles, { directory, alias: 'files' }),
    });

    const lifecycle = (await doctor(store)).filter(({ check }) => check === 'lifecycle');

    expect(lifecycle).toEqual([{ level: 'ok', check: 'lifecycle', message: expect.stringMatching(/^files has no rules/) }]);
  });
});

test('a server that refuses the checksums of the client has both settings as its remedy', async () => {
  const { store } = fakeS3(({ operation }) => {
    if (operation === 'PutObject') throw sdkError('NotImplemented', 501);
    if (operation === 'HeadObject') throw sdkError('NotFound', 404);
    return {};
  });

  const finding = await errorOf(store);

  expect(finding).toMatchObject({
    check: 'object-store',
    message: expect.stringContaining('NotImplemented (HTTP 501)'),
    remedy: expect.stringMatching(/requestChecksumCalculation: 'WHEN_REQUIRED' and responseChecksumValidation: 'WHEN_REQUIRED'/),
  });
});

describe('a bucket with Object Lock', () => {
  test.each([
    [
      'InvalidRequest',
      'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
    ],
    ['MissingContentMD5', 'Missing required header for this request: Content-Md5.'],
  ])('that wants a checksum (%s) has the setting of the client as its remedy', async (code, words) => {
    const { store } = fakeS3(({ operation }) => {
      if (operation === 'PutObject') throw Object.assign(sdkError(code, 400), { message: words });
      return {};
    });

    const finding = await errorOf(store);

    expect(finding).toMatchObject({
      check: 'object-store',
      message: expect.stringContaining(`${code} (HTTP 400)`),
      remedy: expect.stringMatching(/requestChecksumCalculation: 'WHEN_SUPPORTED'/),
    });
  });

  test('names the setting to a worker too', async () => {
    const words = 'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Part requests with Object Lock parameters';
    const { store } = fakeS3(() => {
      throw Object.assign(sdkError('InvalidRequest', 400), { message: words });
    });

    const putting = store.put('default/f/1/t/-1/k/1.json', Buffer.from('x'), { ifAbsent: true });

    await expect(putting).rejects.toThrow(/Object Lock .* requestChecksumCalculation: 'WHEN_SUPPORTED'/);
  });

  test('is not suspected behind another invalid request', async () => {
    const { store } = fakeS3(({ operation }) => {
      if (operation === 'PutObject') throw Object.assign(sdkError('InvalidRequest', 400), { message: 'The prefix is too odd' });
      return {};
    });

    const finding = await errorOf(store);

    expect(finding?.remedy).toMatch(/^Check bucket, region, prefix and credentials/);
  });
});

describe('an error that is not of this library', () => {
  const failing = (error: Error): Metastore =>
    interceptMetastore(memoryMetastore(), ({ method }, proceed) => (method === 'ready' ? Promise.reject(error) : proceed()));

  test('is quoted with its code', async () => {
    const error = Object.assign(new Error('connect ECONNREFUSED redis://user:hunter2@host'), { code: 'ECONNREFUSED' });

    const finding = await errorOf(failingFolder('EACCES'), failing(error));

    expect(finding?.message).toBe('it failed with an error that is not of this library (ECONNREFUSED)');
  });

  test('is not quoted with its text', async () => {
    const finding = await errorOf(failingFolder('EACCES'), failing(new Error('redis://user:hunter2@host')));

    expect(finding?.message).toBe('it failed with an error that is not of this library');
  });
});
