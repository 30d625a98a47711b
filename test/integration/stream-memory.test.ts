import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureBuilt, ROOT } from '../../scripts/build.ts';

/** A stream of any size needs the same memory: measured in a process of its own, whose heap alone could not hold it. */

const MIB = 2 ** 20;
/** Four parts and four frames on their way, twice over, for what the collector has not come to yet. */
const MOST = 200 * MIB;

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

/** Runs the program. */
function run(codec: string, mebibytes: number): Promise<{ size: number; same: boolean; grown: number }> {
  const flags = ['--max-old-space-size=64', '--input-type=module', '-e', PROGRAM];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [...flags, directory, codec, String(mebibytes)], { cwd: ROOT }, (error, stdout) =>
      error ? reject(error) : resolve(JSON.parse(stdout) as { size: number; same: boolean; grown: number }),
    );
  });
}

test.each(['none', 'gzip'])('a stream of 256 MiB is written and read in constant memory, with the codec %s', async (codec) => {
  const { size, same, grown } = await run(codec, 256);

  expect([size, same]).toEqual([256 * MIB, true]);
  expect(grown).toBeLessThan(MOST);
});
