import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ensureBuilt, ROOT } from '../../scripts/build.ts';
import { fileObjectStore } from '../../src/file.ts';
import { all, objectOf } from '../contract/object-store.ts';

/** A writer is killed at a moment that chance picks, again and again over the same folder, while a reader looks on. */

const KILLS = 12;
const SIZE = 3 * 2 ** 20;
const WRITER = `
  import { fileObjectStore } from 'mooring/file';
  const store = fileObjectStore({ directory: process.argv.at(-1) });
  console.log('ready');
  for (let round = 0; ; round += 1) {
    const body = new Uint8Array(${SIZE}).fill(round % 251);
    await store.put(${JSON.stringify(objectOf('same'))}, body, { ifAbsent: false });
    await store.put(${JSON.stringify(objectOf('new', ''))} + process.pid + '-' + round, body, { ifAbsent: true });
  }
`;

let directory: string;
beforeAll(ensureBuilt);
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mooring-objects-'));
});
afterEach(() => rm(directory, { recursive: true, force: true, maxRetries: 10 }));

test('C42 I4 a writer that is killed in the middle of a put leaves no object in part', async () => {
  const store = fileObjectStore({ directory });
  const isWhole = async (key: string): Promise<boolean> => {
    const found = await store.get(key);
    return found === undefined || Buffer.alloc(SIZE, found[0]).equals(found);
  };
  let unfinished = 0;

  for (let kill = 0; kill < KILLS; kill += 1) {
    const writer = spawn(process.execPath, ['--input-type=module', '-e', WRITER, directory], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(writer, 'exit');

    try {
      await once(writer.stdout, 'data');
      const death = pause(5 + Math.random() * 60).then(() => writer.kill('SIGKILL'));
      while (writer.signalCode === null && !writer.killed) expect(await isWhole(objectOf('same'))).toBe(true);
      await death;
    } finally {
      writer.kill('SIGKILL');
      await ended;
    }

    const listed = await all(store.list(''));
    expect(listed.filter(({ size }) => size !== SIZE)).toEqual([]);
    for (const { key } of listed) expect([key, await isWhole(key)]).toEqual([key, true]);

    await store.delete(listed.map(({ key }) => key).filter((key) => key !== objectOf('same')));
    unfinished = (await readdir(directory, { recursive: true })).filter((name) => name.includes('+')).length;
  }

  // Else no kill came in the middle of a put, and the test has shown nothing.
  expect(unfinished).toBeGreaterThan(0);

  const kept = await all(store.list(''));
  const removeOlder = (before: number): Promise<{ key: string }[]> =>
    all(store.unfinished?.(new Date(before), { prefix: 'default/', remove: true }) as AsyncIterable<{ key: string }>);
  await expect(removeOlder(Date.now() - 3_600_000)).resolves.toEqual([]);
  await expect(removeOlder(Date.now() + 60_000)).resolves.toHaveLength(unfinished);
  expect((await readdir(directory, { recursive: true })).filter((name) => name.includes('+'))).toEqual([]);
  await expect(all(store.list(''))).resolves.toEqual(kept);
});
