import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, ROOT } from '../../scripts/build.ts';

/** A stream of any size needs the same memory: measured in a process of its own, whose heap alone could not hold it. */

const MIB = 2 ** 20;
/** Six parts of a reader, and four times as much that the collector has not come to yet: about 64 MiB, more on a busy machine. */
const MOST = 112 * MIB;

/** Writes a stream of so many MiB and reads it again; says how much memory that took at most, beyond what the process had before. */
const PROGRAM = `
  import { createHash, randomBytes } from 'node:crypto';
  import { createStateStore } from 'mooring';
  import { memoryMetastore } from 'mooring/testing';
  import { fileObjectStore } from 'mooring/file';
  const [directory, codec, mebibytes] = process.argv.slice(-3);
  const state = createStateStore({ metastore: memoryMetastore(), objectStore: fileObjectStore({ directory }), codec })
    .task({ flow: 'f', run: 'r', task: 't' });
  const noise = randomBytes(${MIB} / 2);
  async function* body() {
    for (let left = Number(mebibytes); left > 0; left -= 1) {
      noise.writeUInt32BE(left, 0);
      yield noise;
      yield Buffer.alloc(${MIB} / 2, 'text ' + left);
    }
  }
  const digest = async (chunks) => {
    const hash = createHash('sha256');
    for await (const chunk of chunks) hash.update(chunk);
    return hash.digest('hex');
  };
  const written = await digest(body());
  const before = process.memoryUsage.rss();
  let most = 0;
  setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 5).unref();
  const { size } = await state.setStream('k', body());
  const read = await digest(await state.getStream('k'));
  process.stdout.write(JSON.stringify({ size, same: read === written, grown: most - before }));
`;

let directory: string;
beforeAll(async () => {
  await ensureBuilt();
  directory = await mkdtemp(join(tmpdir(), 'mooring-streams-'));
});
afterAll(() => rm(directory, { recursive: true, force: true, maxRetries: 10 }));

/** Opens 60 streams of 12 MiB and reads none of them. */
const UNREAD = `
  import { createStateStore } from 'mooring';
  import { memoryMetastore } from 'mooring/testing';
  import { fileObjectStore } from 'mooring/file';
  const [directory, codec] = process.argv.slice(-2);
  const state = createStateStore({ metastore: memoryMetastore(), objectStore: fileObjectStore({ directory }), codec })
    .task({ flow: 'f', run: 'r', task: 't' });
  const piece = Buffer.alloc(${MIB}, 'text ');
  await state.setStream('k', (async function* () {
    for (let left = 12; left > 0; left -= 1) yield piece;
  })());
  const before = process.memoryUsage.rss();
  const streams = [];
  for (let left = 60; left > 0; left -= 1) streams.push(await state.getStream('k'));
  process.stdout.write(JSON.stringify({ open: streams.filter(Boolean).length, grown: process.memoryUsage.rss() - before }));
`;

/** Runs a program. */
function run<Told>(program: string, codec: string, ...more: readonly string[]): Promise<Told> {
  const flags = ['--max-old-space-size=64', '--input-type=module', '-e', program];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [...flags, directory, codec, ...more], { cwd: ROOT }, (error, stdout) =>
      error ? reject(error) : resolve(JSON.parse(stdout) as Told),
    );
  });
}

test.each(['none', 'gzip'])('a stream of 256 MiB is written and read in constant memory, with the codec %s', async (codec) => {
  const { size, same, grown } = await run<{ size: number; same: boolean; grown: number }>(PROGRAM, codec, '256');

  expect([size, same]).toEqual([256 * MIB, true]);
  expect(grown).toBeLessThan(MOST);
});

test('60 large streams that nobody reads need a part of their memory', async () => {
  const { open, grown } = await run<{ open: number; grown: number }>(UNREAD, 'none');

  expect(open).toBe(60);
  expect(grown).toBeLessThan(120 * MIB);
});
