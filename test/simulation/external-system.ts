import { AlreadySubmittedError, cannotKnow, NotSubmittedError, type ExternalJob, type JobStatus } from '../../src/index.ts';
import type { SystemKind } from '../../scripts/batch-service/job.ts';
import type { Process, World } from './world.ts';

/** An external system in a world: requests travel, are accepted, refused or lost, and are answered or not. */

/** A job that was accepted. */
export interface SimJob {
  id: number;
  key: string;
  submission: number;
  /** The record that it is of. */
  input: string;
  state: 'active' | 'succeeded' | 'failed' | 'cancelled';
  acceptedAt: number;
  shownAt: number;
}

/** An external system, and what it found wrong. */
export interface SimExternalSystem {
  readonly jobs: SimJob[];
  readonly violations: string[];
  /** Whether it says, of a key that it refused before, that another one is needed. */
  readonly tellsSo: boolean;
  /** A person clears the task, or has cleared it wholly: what was sent before goes on by itself. */
  clear(wholly: boolean): void;
  /** Whether a key was sent before that. */
  isCleared(key: string): boolean;
  /** The external system as a process sees it. */
  from(process: Process, faulty: () => boolean): ExternalJob<string, number, string>;
}

/** Options of `simExternalSystem()`. */
export interface SimExternalSystemOptions {
  /** `both`: it knows keys, and can be searched. */
  kind: SystemKind | 'both';
  /** What it does with a key that it knows. @defaultValue 'answers' */
  known?: 'answers' | 'refuses';
  /** How long the search shows a job, in milliseconds; it cannot always know. @defaultValue for ever */
  findableFor?: number | undefined;
  /** How long a keyed external system knows a key. */
  idempotentFor: number;
  /** How probable it is that a job fails. */
  failures: number;
  /** `remembers`: a key that was refused once is refused for ever. `keeps-key`: it is no reason for another key. */
  refusals: 'plain' | 'remembers' | 'keeps-key';
  accepted: (job: SimJob) => void;
  /** Whether somebody wants jobs to be cancelled, and why. */
  wish: () => string | undefined;
  /** In milliseconds; `undefined`: a job may run for ever. */
  giveUpAfter: number | undefined;
}

/** How long the external system may hide a job from `find`, in milliseconds. */
export const FIND_LAG = 10_000;
/** In milliseconds. */
export const SUBMIT_TIMEOUT = 60_000;

/** An external system without jobs. */
export function simExternalSystem(
  world: World,
  {
    kind,
    idempotentFor,
    failures,
    refusals,
    accepted,
    wish,
    giveUpAfter,
    known: knownKey = 'answers',
    findableFor,
  }: SimExternalSystemOptions,
): SimExternalSystem {
  const jobs: SimJob[] = [];
  const keyed = kind === 'keyed' || kind === 'both';
  const findable = kind === 'findable' || kind === 'both';
  const violations: string[] = [];
  const refused = new Set<string>();
  const tellsSo = refusals === 'remembers' && world.chance(0.5);
  const forGood = new Set<number>();
  /** Keys from before a person cleared the task, perhaps in part; and those that were cleared with it. */
  const cleared = new Set<string>();
  const gone = new Set<string>();

  const accept = (key: string, submission: number, input: string): SimJob => {
    const known = keyed ? jobs.find((job) => job.key === key && world.now() < job.acceptedAt + idempotentFor) : undefined;
    if (known) return known;
    for (const other of jobs.filter((candidate) => candidate.input === input)) {
      if (other.key === key) violations.push(`two jobs of one submission: J${other.id} and J${jobs.length + 1}`);
      else if (!['failed', 'cancelled'].includes(other.state) && !cleared.has(other.key) && !cleared.has(key))
        violations.push(`J${jobs.length + 1} is made while J${other.id} is ${other.state}`);
    }
    const acceptedAt = world.now();
    const shownAt = acceptedAt + world.between(0, FIND_LAG);
    const job: SimJob = { id: jobs.length + 1, key, submission, input, state: 'active', acceptedAt, shownAt };
    jobs.push(job);
    world.note(`external system accepts J${job.id}, submission ${submission} of ${input}`);
    accepted(job);
    world.after(world.between(0, 120_000), () => {
      if (job.state === 'cancelled') return;
      job.state = world.chance(failures) ? 'failed' : 'succeeded';
      if (job.state === 'failed' && world.chance(0.1)) forGood.add(job.id);
      world.note(`J${job.id} ${job.state}`);
    });
    return job;
  };

  const ask = async <T>(process: Process, faulty: () => boolean, answer: () => T): Promise<T> => {
    await world.delay(process);
    if (faulty() && world.chance(0.05)) throw new Error('the external system did not answer');
    return answer();
  };

  /** One that remembers looks at the key first. */
  const refuses = (key: string, faulty: () => boolean): boolean => {
    if (refusals !== 'remembers') return faulty() && world.chance(0.05);
    return refused.has(key) || (!jobs.some((job) => job.key === key) && faulty() && world.chance(0.2));
  };
  const refusal = (key: string): NotSubmittedError => {
    if (refusals === 'keeps-key') return new NotSubmittedError('refused', { newKey: false });
    if (refusals === 'plain') return new NotSubmittedError('refused', world.chance(0.3) ? { retryAfter: '20s' } : {});
    const known = refused.has(key);
    refused.add(key);
    return new NotSubmittedError('refused, and remembered', known && tellsSo ? { newKey: true } : {});
  };

  /** The jobs of whose end a process was told. */
  const ended = new Map<Process, Set<number>>();

  const cancel = async (process: Process, faulty: () => boolean, id: number, reason: string): Promise<void> => {
    world.note(`${process.name} cancels J${id}: ${reason}`);
    const job = jobs[id - 1];
    if (reason !== wish() && !(reason === 'gave-up' && giveUpAfter !== undefined))
      violations.push(`J${id} is cancelled (${reason}), and nobody wished that`);
    if (ended.get(process)?.has(id)) violations.push(`J${id} is cancelled, and ${process.name} was told of its end`);
    if (faulty() && world.chance(0.1)) throw new Error('the external system did not cancel it');
    if (job?.state === 'active') job.state = 'cancelled';
    await world.delay(process, 20_000);
    if (faulty() && world.chance(0.1)) throw new Error('the external system did not answer');
  };

  return {
    jobs,
    violations,
    tellsSo,
    clear: (wholly) => jobs.forEach(({ key }) => (wholly ? gone : cleared).add(key)),
    isCleared: (key) => cleared.has(key),
    from: (process, faulty) => ({
      submitTimeout: SUBMIT_TIMEOUT,
      findLag: FIND_LAG,
      ...(keyed && { idempotentFor }),
      ...(findableFor !== undefined && { findableFor }),
      ...(giveUpAfter !== undefined && { giveUpAfter }),
      submit: (input, { idempotencyKey, submission }) =>
        new Promise<number>((resolve, reject) => {
          // A request that has left its process goes on without it, but not beyond the promise that users make. No promise covers
          // one that was sent when its time was over.
          if (process.clearedPaths?.has(input)) violations.push(`${process.name} submits, and a person has cleared the task`);
          if (gone.has(idempotencyKey) && !process.clearedUnder) violations.push(`a key from before the clearing is sent again`);
          const deadline = (process.wroteAheadAt.get(input) ?? 0) + SUBMIT_TIMEOUT;
          const covered = world.now() < deadline;
          const arrives = (): void => {
            if (refuses(idempotencyKey, faulty)) {
              const error = refusal(idempotencyKey);
              world.note(`external system refuses submission ${submission} of ${input}`);
              answer(() => reject(error));
            } else if (faulty() && world.chance(0.07)) {
              answer(() => reject(new Error('the request was lost')));
            } else if (covered && world.now() >= deadline) {
              answer(() => reject(new Error('too late')));
            } else if (
              knownKey === 'refuses' &&
              (jobs.some(({ key }) => key === idempotencyKey) || (faulty() && world.chance(0.05)))
            ) {
              const id = jobs.find(({ key }) => key === idempotencyKey)?.id ?? 999;
              answer(() => reject(new AlreadySubmittedError(id)));
            } else {
              const { id } = accept(idempotencyKey, submission, input);
              if (faulty() && world.chance(0.07)) answer(() => reject(new Error('the reply was lost')));
              else answer(() => resolve(id));
            }
          };
          const answer = (give: () => void): void => void world.delay(process).then(give);
          const slow = faulty() && world.chance(0.15);
          world.after(slow ? world.between(0, SUBMIT_TIMEOUT * 0.99) : world.between(0, 100), arrives);
        }),
      ...(findable && {
        find: (key: string) =>
          ask(process, faulty, () => {
            if (findableFor !== undefined && faulty() && world.chance(0.1)) return cannotKnow;
            const isShown = ({ acceptedAt, shownAt }: SimJob): boolean =>
              shownAt <= world.now() && world.now() < acceptedAt + (findableFor ?? Number.POSITIVE_INFINITY);
            return jobs.findLast((job) => job.key === key && isShown(job))?.id;
          }),
      }),
      getStatus: (id) => {
        ended.get(process)?.delete(id);
        return ask(process, faulty, (): JobStatus => {
          const job = jobs[id - 1];
          if (!job) return { state: 'missing' };
          if (faulty() && world.chance(0.05)) return { state: 'unknown' };
          if (job.state !== 'active') ended.set(process, (ended.get(process) ?? new Set()).add(id));
          if (job.state === 'failed') return { state: 'failed', reason: 'by chance', retryable: !forGood.has(id) };
          return job.state === 'cancelled' ? { state: 'failed', reason: 'cancelled' } : { state: job.state };
        });
      },
      getResult: (id) => ask(process, faulty, () => `result of J${id}`),
      cancel: (id, { reason }) => cancel(process, faulty, id, reason),
    }),
  };
}
