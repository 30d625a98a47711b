/** The drill of the Slurm example. SLURM_CONF: of a cluster of `scripts/systems/slurm.sh`. JOBS_FOLDER: an empty folder. */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { defineDrill } from 'mooring/drill';
import { slurmJob } from '../../examples/external-systems/slurm.ts';

const folder = process.env['JOBS_FOLDER'] ?? '';
const scriptOf = (name: string): string => join(folder, `${name}.sh`);

export default defineDrill({
  about: 'Slurm 22.05.8, one node, without slurmdbd',
  job: slurmJob,
  async input({ name }) {
    await writeFile(scriptOf(name), '#!/bin/sh\n#SBATCH --output=/dev/null\nsleep 2\n');
    return scriptOf(name);
  },
  async count({ name, signal }) {
    const { stdout } = await promisify(execFile)('squeue', ['-h', '--states=all', '-o', '%o'], { signal });
    return stdout.split('\n').filter((script) => script === scriptOf(name)).length;
  },
});
