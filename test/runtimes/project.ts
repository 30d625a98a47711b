import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createConsumer } from '../package/consumer.ts';
import type { Runtime } from './smoke.ts';

/** The programs of the smoke tests, in the order of their names. */
const PROGRAMS = ['bucket', 'values', 'worker'];

/** A project with our programs and packages of the checkout. `command` runs a program there. */
export async function openProject(
  command: readonly string[],
  packages: readonly string[] = ['bullmq', 'ioredis', 'snappy'],
): Promise<Runtime> {
  const { folder, add, remove } = await createConsumer();
  await Promise.all(packages.map(add));
  await copyPrograms(folder);
  return {
    folder,
    command,
    program: (name) => join(folder, `${name}.mjs`),
    inNode: [process.execPath, join(folder, 'values.mjs')],
    cli: join(folder, 'node_modules/mooring/dist/src/cli/mooring.js'),
    remove,
  };
}

/** Copies the programs into a project. */
export async function copyPrograms(folder: string): Promise<void> {
  for (const name of PROGRAMS) {
    await copyFile(join(import.meta.dirname, 'programs', `${name}.mjs`), join(folder, `${name}.mjs`));
  }
}
