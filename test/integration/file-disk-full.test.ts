import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ensureBuilt, ROOT } from '../../scripts/build.ts';

/**
 * A writer that the operating system allows no file above a megabyte or two. A write ends in the middle, as on a disk that is
 * full. It is in a process of its own, since nobody gets rid of the limit again.
 */

const WRITER = `
  import { createStateStore } from 'mooring';
  import { memoryMetastore } from 'mooring/testing';
  import { fileObjectStore } from 'mooring/file';
  const objectStore = fileObjectStore({ directory: process.argv.at(-1) });
  const store = createStateStore({ metastore: memoryMetastore(), objectStore, codec: 'none' });
  const state = store.task({ flow: 'films', run: '1', task: 'cut' });
  const large = () => new Uint8Array(8 * 2 ** 20).fill(7);
  async function* chunks() {
    for (let sent = 0; sent < 8; sent += 1) yield new Uint8Array(2 ** 20).fill(7);
  }
  const refused = (write) => write.then(
    () => 'was written',
    (error) => [error.code, error.cause?.code],
  );
  await state.set('k', 'old '.repeat(50_000));
  const refusals = [
    await refused(state.set('k', large())),
    await refused(state.set('new', large())),
    await refused(state.setMany({ k: 'small', other: large() })),
    await refused(state.setStream('k', chunks())),
  ];
  const old = (await state.get('k')) === 'old '.repeat(50_000);
  const keys = [];
  for await (const { key } of state.entries()) keys.push(key);
  await store.close();
  console.log(JSON.stringify({ refusals, old, keys }));
`;

let directory: string;
beforeAll(ensureBuilt);
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mooring-objects-'));
});
afterEach(() => rm(directory, { recursive: true, force: true, maxRetries: 10 }));

test('I2 a set for which there is no room leaves the old value alone', async () => {
  // Blocks of 512 bytes, or of 1,024, as the shell likes.
  const limited = 'ulimit -f 2048 && exec "$@"';
  const node = [process.execPath, '--input-type=module', '-e', WRITER, directory];
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', limited, 'sh', ...node], { cwd: ROOT });

  const full = ['mooring.store-unavailable', 'EFBIG'];
  expect(JSON.parse(stdout)).toEqual({ refusals: [full, full, full, full], old: true, keys: ['k'] });
  const files = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const objects = files.filter(({ parentPath }) => !parentPath.includes('generation='));
  expect(objects).toHaveLength(1);
  expect(objects[0]?.parentPath).toMatch(/\/films\/1\/cut\/-1\/k$/);
});
