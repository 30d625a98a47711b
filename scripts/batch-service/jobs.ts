/** All jobs of the service. A token is taken in the same turn in which a request arrives, so that two cannot have it. */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Emit } from './events.ts';
import {
  cancel,
  isOver,
  killGroup,
  output,
  processOf,
  start,
  status,
  store,
  type Job,
  type Status,
  type SystemKind,
} from './job.ts';

/** What a request asks for. */
type Wanted = Pick<Job, 'kind' | 'name' | 'token' | 'command'>;

/** The jobs, by ID. */
export interface Jobs {
  /** The ID, and whether a job was accepted for it now. */
  accept(wanted: Wanted): Promise<{ id: string; created: boolean }>;
  /** IDs of findable jobs with the token, newest first, without those that the lag still hides. */
  find(token: string): string[];
  status(kind: SystemKind, id: string): Promise<Status | undefined>;
  output(kind: SystemKind, id: string): Promise<string | undefined>;
  cancel(kind: SystemKind, id: string): Promise<boolean>;
  /** How many jobs of that name were accepted. */
  accepted(name: string): number;
  /** How many of them have not ended. */
  running(name: string): Promise<number>;
  /** Tells of progress and ends since the last look. */
  look(): Promise<void>;
  /** Ends every process, from memory, since the folders may be gone already; none is started afterwards. */
  killAll(): void;
}

/** Opens a folder of jobs and takes up those that are there. */
export async function openJobs(directory: string, findLag: number, emit: Emit): Promise<Jobs> {
  const jobs = new Map<string, Job>();
  const byToken = new Map<string, string>();
  const watched = new Map<string, number>();
  const processes = new Map<string, number>();
  let closed = false;
  const folderOf = (id: string): string => join(directory, id);
  const known = (kind: SystemKind, id: string): boolean => jobs.get(id)?.kind === kind;

  const add = (job: Job): void => {
    jobs.set(job.id, job);
    watched.set(job.id, 0);
    if (job.kind === 'keyed' && job.token !== undefined) byToken.set(job.token, job.id);
  };
  const launch = async (job: Job): Promise<void> => {
    if (closed) return;
    const pid = await start(folderOf(job.id), job);
    processes.set(job.id, pid);
    emit({ event: 'started', id: job.id, name: job.name, pid });
  };

  await mkdir(directory, { recursive: true });
  for (const job of await readJobs(directory)) {
    add(job);
    const pid = await processOf(folderOf(job.id));
    if (pid === 0) await launch(job);
    else processes.set(job.id, pid);
  }

  return {
    async accept({ kind, name, token, command }) {
      const same = kind === 'keyed' && token !== undefined ? byToken.get(token) : undefined;
      if (same !== undefined) {
        emit({ event: 'recognised', id: same, name });
        return { id: same, created: false };
      }
      const job: Job = { id: `${kind[0]}-${jobs.size + 1}`, kind, name, token, command, acceptedAt: Date.now() };
      add(job);
      await store(folderOf(job.id), job);
      emit({ event: 'accepted', id: job.id, name });
      await launch(job);
      return { id: job.id, created: true };
    },
    find(token) {
      const shown = [...jobs.values()].filter(
        (job) => job.kind === 'findable' && job.token === token && job.acceptedAt + findLag <= Date.now(),
      );
      return shown.map((job) => job.id).toReversed();
    },
    status: async (kind, id) => (known(kind, id) ? status(folderOf(id)) : undefined),
    output: async (kind, id) => (known(kind, id) ? output(folderOf(id)) : undefined),
    async cancel(kind, id) {
      if (known(kind, id)) await cancel(folderOf(id));
      return known(kind, id);
    },
    accepted: (name) => [...jobs.values()].filter((job) => job.name === name).length,
    async running(name) {
      const ids = [...jobs.values()].filter((job) => job.name === name).map(({ id }) => id);
      const states = await Promise.all(ids.map(async (id) => (await status(folderOf(id))).state));
      return states.filter((state) => !isOver(state)).length;
    },
    async look() {
      for (const [id, seen] of watched) {
        const { state, progress } = await status(folderOf(id));
        const name = (jobs.get(id) as Job).name;
        if (progress > seen) emit({ event: 'progress', id, name, progress });
        watched.set(id, progress);
        if (!isOver(state)) continue;
        watched.delete(id);
        emit({ event: 'ended', id, name, state });
      }
    },
    killAll() {
      closed = true;
      for (const id of watched.keys()) killGroup(processes.get(id) ?? 0);
    },
  };
}

async function readJobs(directory: string): Promise<Job[]> {
  const jobs: Job[] = [];
  for (const id of await readdir(directory)) {
    const text = await readFile(join(directory, id, 'job.json'), 'utf8').catch(() => undefined);
    if (text !== undefined) jobs.push(JSON.parse(text) as Job);
  }
  return jobs.toSorted((a, b) => a.acceptedAt - b.acceptedAt);
}
