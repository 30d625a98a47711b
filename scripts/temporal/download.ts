/** Temporal's server as its SDK downloads it: seconds in place of minutes, where its host can be reached. */
import { chmod, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runKept } from '../kept.ts';

const PROGRAM = fileURLToPath(new URL('download.mjs', import.meta.url));

/** Downloads a version as `folder/binary`; false, and nothing there, where it cannot be had within two minutes. */
export async function downloadBySdk(version: string, binary: string, folder: string): Promise<boolean> {
  const downloads = join(folder, 'downloads');
  await mkdir(downloads);
  try {
    const { code } = await runKept({
      command: [process.execPath, PROGRAM, downloads, version],
      env: process.env,
      folder,
      output: 'quiet',
    });
    const [file] = await readdir(downloads);
    if (code !== 0 || file === undefined) return false;
    await rename(join(downloads, file), join(folder, binary));
    await chmod(join(folder, binary), 0o755);
    return true;
  } finally {
    await rm(downloads, { recursive: true, force: true, maxRetries: 10 });
  }
}
