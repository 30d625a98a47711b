/**
 * One job of the batch service: a folder on disk and a process that needs neither its caller nor the service. Everything that
 * is known about it lies in the folder, so that a service that starts again finds its jobs where they are.
 */
import { spawn } from 'node:child_process';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** How far the service remembers a client token: by it, by search only, or not at all. */
export const SYSTEM_KINDS = ['keyed', 'findable', 'plain'] as const;

/** One kind of external system. */
export type SystemKind = (typeof SYSTEM_KINDS)[number];

/** What was asked for: `job.json`. */
export interface Job {
  readonly id: string;
  readonly kind: SystemKind;
  /** Whose job it is; submissions are counted by it. */
  readonly name: string;
  readonly token: string | undefined;
  readonly command: readonly string[];
  readonly acceptedAt: number;
}

/** How a job is now. */
export interface Status {
  state: 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled';
  /** From 0 to 1, as the command itself says. */
  progress: number;
  reason?: string;
}

/** Runs the command, and notes its exit code in one step, so that a code is there whole or not at all. */
const RUNNER = `
folder=$1; shift
"$@" >"$folder/output" 2>"$folder/errors"
code=$?
echo "$code" >"$folder/exit.new" && mv "$folder/exit.new" "$folder/exit"
`;

/** Writes the job down: from here on it is accepted. */
export async function store(folder: string, job: Job): Promise<void> {
  await mkdir(folder, { recursive: true });
  await replace(join(folder, 'job.json'), JSON.stringify(job));
}

/** Starts the job's process, as the leader of a session of its own: no signal that ends its parents reaches it. */
export async function start(folder: string, job: Job): Promise<number> {
  const child = spawn('/bin/sh', ['-c', RUNNER, 'batch-job', folder, ...job.command], {
    cwd: folder,
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, BATCH_PROGRESS: join(folder, 'progress') },
  });
  await new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  child.unref();
  const pid = child.pid as number;
  await replace(join(folder, 'pid'), String(pid));
  return pid;
}

/** Ends the job's process and everything that it started. */
export async function cancel(folder: string): Promise<void> {
  if (isOver((await status(folder)).state)) return;
  await replace(join(folder, 'cancelled'), '');
  killGroup(await processOf(folder));
}

/** What the folder says. */
export async function status(folder: string): Promise<Status> {
  const progress = Math.min(1, Number((await text(folder, 'progress')) ?? 0) || 0);
  if ((await text(folder, 'cancelled')) !== undefined) return { state: 'cancelled', progress, reason: 'cancelled' };
  const pid = Number((await text(folder, 'pid')) ?? 0);
  const alive = pid > 0 && isAlive(pid);
  const exit = await text(folder, 'exit');
  if (exit?.trim() === '0') return { state: 'succeeded', progress: 1 };
  if (exit !== undefined) return { state: 'failed', progress, reason: `exit code ${exit.trim()}: ${await lastError(folder)}` };
  if (pid === 0) return { state: 'queued', progress };
  return alive ? { state: 'running', progress } : { state: 'failed', progress, reason: 'the process vanished' };
}

/** What the command printed. */
export async function output(folder: string): Promise<string> {
  return (await text(folder, 'output')) ?? '';
}

/** Whether nothing more will happen to a job in this state. */
export function isOver(state: Status['state']): boolean {
  return state !== 'queued' && state !== 'running';
}

/** The job's process; 0 before it was started. */
export async function processOf(folder: string): Promise<number> {
  return Number((await text(folder, 'pid')) ?? 0);
}

async function lastError(folder: string): Promise<string> {
  return ((await text(folder, 'errors')) ?? '').trim().split('\n').at(-1) ?? '';
}

async function replace(file: string, content: string): Promise<void> {
  await writeFile(`${file}.new`, content);
  await rename(`${file}.new`, file);
}

async function text(folder: string, name: string): Promise<string | undefined> {
  return readFile(join(folder, name), 'utf8').catch(() => undefined);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Kills a job's process and what it started; nothing where it ended, or never began. */
export function killGroup(pid: number): void {
  if (pid === 0) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // it ended meanwhile
  }
}
