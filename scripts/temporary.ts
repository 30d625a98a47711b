/**
 * The place where the tests keep their files: in memory if there is enough of it, since file stores and servers of objects would
 * wait for a disk. Links, renames, rights and limits are the same there, and a lost power supply is what no test has.
 */
import { constants } from 'node:fs';
import { mkdtemp, open, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './command.ts';

const MEMORY = '/dev/shm';
const GIB = 2 ** 30;
/** For files: streams of hundreds of MiB, several at once. */
const ROOM = 4 * GIB;
/** For them, and for the tests and their servers. */
const MEMORY_LEFT = 10 * GIB;

/** Makes a folder with this prefix; on disk, where the user says which (TMPDIR). */
export async function temporaryFolder(prefix: string): Promise<string> {
  const inMemory = process.env['TMPDIR'] === undefined && (await serves(MEMORY).catch(() => false));
  return mkdtemp(join(inMemory ? MEMORY : tmpdir(), prefix));
}

async function serves(place: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(place);
  if (bavail * bsize < ROOM || process.availableMemory() < MEMORY_LEFT) return false;
  const folder = await mkdtemp(join(place, 'mooring-probe-'));
  try {
    // MinIO opens its files like this, which older kernels refuse in memory.
    await (await open(join(folder, 'direct'), constants.O_CREAT | constants.O_WRONLY | constants.O_DIRECT)).close();
    // Containers often let nothing be executed there.
    const program = join(folder, 'program');
    await writeFile(program, '#!/bin/sh\n', { mode: 0o755 });
    return (await run(program, [])).code === 0;
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  }
}
