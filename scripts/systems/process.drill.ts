/** The drill of the example with a process on this host. JOBS_FOLDER: an empty folder. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineDrill } from 'mooring/drill';
import { processJob } from '../../examples/external-systems/process.ts';

const folder = process.env['JOBS_FOLDER'] ?? '';

export default defineDrill({
  about: 'a process on this host',
  job: processJob,
  input: ({ name }) => ['/bin/sh', '-c', 'echo ran >>"$0"; sleep 2; echo done', join(folder, `${name}.runs`)],
  // Each run of the command left a line.
  async count({ name }) {
    const runs = await readFile(join(folder, `${name}.runs`), 'utf8').catch(() => '');
    return runs.split('\n').length - 1;
  },
});
