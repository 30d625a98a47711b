/**
 * A process on this host, which outlives the worker that started it: ffmpeg, a simulation, a backup.
 *
 * - A repeated key: the runner takes a lock on the key's folder, so the command runs once. Keyed, until somebody deletes the folder.
 * - Words: none. The exit code is in the folder. No code and a free lock: it was killed, or the host went down.
 * - Trap: a process ID is used again. The lock is not: the kernel frees it with the last process.
 * - Trap: what stops a container or a systemd unit kills this process as well. Start the unit with `KillMode=process`.
 * - Trap: only this host knows it. Let workers of one host serve the queue, or let the queue's name hold the host's.
 *
 * Run: Debian 12 with `flock` of util-linux 2.38 on 2026-12-01: docs/certificates/process.md.
 */
import { execFile, spawn } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { externalJob, type JobStatus } from 'mooring';
const ROOT = process.env['JOBS_FOLDER'] ?? '/var/lib/jobs';
/** Descriptor 9 holds the lock for as long as the command, or anything that it started, lives. */
const RUNNER = `cd "$0" && exec 9>>lock && flock -n 9 && [ ! -e started ] && echo $$ >started || exit
"$@" >output 2>errors </dev/null
echo $? >exit.new && mv exit.new exit`;
type ProcessId = { host: string; folder: string };
async function text({ host, folder }: ProcessId, name: string): Promise<string | undefined> {
  if (host !== hostname()) throw new Error(`that process runs on ${host}, and this is ${hostname()}`);
  return readFile(join(folder, name), 'utf8').catch((error: NodeJS.ErrnoException) =>
    error.code === 'ENOENT' ? undefined : Promise.reject(error),
  );
}
const isLocked = ({ folder }: ProcessId): Promise<boolean> =>
  new Promise((resolve, reject) => {
    const args = ['-n', join(folder, 'lock'), 'true'];
    execFile('flock', args, (error) => (error && error.code !== 1 ? reject(error) : resolve(error !== null)));
  });

export const processJob = externalJob({
  name: 'process',
  async submit(command: readonly string[], { idempotencyKey }): Promise<ProcessId> {
    const folder = join(ROOT, idempotencyKey);
    await mkdir(folder, { recursive: true });
    const runner = spawn('/bin/sh', ['-c', RUNNER, folder, ...command], { detached: true, stdio: 'ignore' });
    await once(runner, 'spawn');
    runner.unref();
    return { host: hostname(), folder };
  },
  idempotentFor: 'until-deleted',
  async getStatus(id): Promise<JobStatus> {
    if ((await text(id, 'started')) === undefined) return { state: 'missing' };
    const locked = await isLocked(id);
    const code = (await text(id, 'exit'))?.trim();
    if (code === '0') return { state: 'succeeded' };
    if (code !== undefined) return { state: 'failed', reason: `exit code ${code}: ${await text(id, 'errors')}`.slice(0, 500) };
    return locked ? { state: 'active' } : { state: 'failed', reason: 'it was killed, or the host went down' };
  },
  getResult: async (id) => (await text(id, 'output')) ?? '',
  async cancel(id) {
    if (await isLocked(id)) process.kill(-Number(await text(id, 'started')), 'SIGTERM');
  },
});
