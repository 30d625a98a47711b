/**
 * A Slurm job, by the commands `sbatch`, `squeue`, `scontrol` and `scancel` on a node of the cluster.
 *
 * - A repeated submission: a second job. `squeue --name` finds a job by name at once: findable.
 * - Without slurmdbd, a job is forgotten MinJobAge after its end (5 minutes): raise it above the longest time that all workers may be away.
 * - Words: PENDING, RUNNING, ...; COMPLETED; FAILED, TIMEOUT, OUT_OF_MEMORY, NODE_FAIL, ...; CANCELLED.
 * - Trap: `squeue` leaves out a job that ended, unless it is asked for `--states=all`.
 * - Trap: `--dependency=singleton` is no key. It makes the second job wait for the first.
 * - Trap: if the controller lost its state, job IDs begin at 1 again. The name says whose job it is.
 *
 * Run: Slurm 22.05.8 without slurmdbd on 2026-12-01: docs/certificates/slurm.md.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { externalJob, jobStatus, NotSubmittedError } from 'mooring';

const run = promisify(execFile);
const REFUSED = /Batch job submission failed: .*(?:Invalid|not permitted|violates|connect failure)/;
const MIN_JOB_AGE = '5m';
const word = jobStatus({
  active: ['PENDING', 'CONFIGURING', 'RUNNING', 'COMPLETING', 'SUSPENDED', 'REQUEUED', 'RESIZING', 'SIGNALING', 'STAGE_OUT'],
  succeeded: ['COMPLETED'],
  failed: ['FAILED', 'TIMEOUT', 'OUT_OF_MEMORY', 'NODE_FAIL', 'BOOT_FAIL', 'DEADLINE', 'PREEMPTED'],
  cancelled: ['CANCELLED'],
});

export const slurmJob = externalJob({
  name: 'slurm',
  async submit(script: string, { idempotencyKey, signal }) {
    try {
      const { stdout } = await run('sbatch', ['--parsable', `--job-name=${idempotencyKey}`, script], { signal });
      return stdout.trim().split(';')[0] as string;
    } catch (error) {
      const { code, stderr = '' } = error as { code?: string; stderr?: string };
      const refused = code === 'ENOENT' || REFUSED.test(stderr);
      throw refused ? new NotSubmittedError(`sbatch: ${stderr.trim()}`, { cause: error }) : error;
    }
  },
  async find(idempotencyKey, { signal }) {
    const args = ['-h', '--states=all', '--sort=i', `--name=${idempotencyKey}`, '-o', '%A'];
    const { stdout } = await run('squeue', args, { signal });
    return stdout.trim().split('\n').at(-1) || undefined;
  },
  findLag: 0,
  findableFor: { afterEnd: MIN_JOB_AGE },
  async getStatus(id, { idempotencyKey, signal }) {
    const { stdout } = await run('scontrol', ['-o', 'show', 'job', id], { signal }).catch((error: { stderr?: string }) => {
      if (error.stderr?.includes('Invalid job id')) return { stdout: '' };
      throw error;
    });
    const fact = (name: string): string | undefined => new RegExp(`\\b${name}=(\\S+)`).exec(stdout)?.[1];
    if (fact('JobName') !== idempotencyKey) return { state: 'missing' };
    return word(fact('JobState'), `${fact('JobState')}: ${fact('Reason')}, exit code ${fact('ExitCode')}`);
  },
  remembersFor: MIN_JOB_AGE,
  async cancel(id, { signal }) {
    await run('scancel', [id], { signal });
  },
});
