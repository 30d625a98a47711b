import { NotSubmittedError, type ExternalJob, type JobStatus } from '../../src/index.ts';
import type { FarSideKind } from '../support/fake-far-side.ts';
import type { Process, World } from './world.ts';

/** A far side in a world: requests travel, are accepted or not, and are answered or not. */

/** A job that was accepted. */
export interface SimJob {
  id: number;
  key: string;
  input: string;
  state: 'active' | 'succeeded' | 'failed';
  acceptedAt: number;
  shownAt: number;
}

/** A far side, and what it found wrong. */
export interface SimFarSide {
  readonly kind: FarSideKind;
  readonly jobs: SimJob[];
  readonly violations: string[];
  /** Requests that are on their way, or not answered yet. */
  inFlight(): number;
  /** The far side as a process sees it. */
  from(process: Process, faulty: () => boolean): ExternalJob<string, number, string>;
}

/** How long the far side may hide a job from `find`, in milliseconds. */
export const FIND_LAG = 10_000;
/** In milliseconds. */
export const SUBMIT_TIMEOUT = 60_000;

/** `idempotentFor`: how long a keyed far side knows a key. `failures`: how probable a failure is. */
export function simFarSide(
  world: World,
  kind: FarSideKind,
  { idempotentFor, failures }: { idempotentFor: number; failures: number },
): SimFarSide {
  const jobs: SimJob[] = [];
  const violations: string[] = [];
  let flying = 0;

  const accept = (key: string, input: string): SimJob => {
    const known =
      kind === 'keyed' ? jobs.find((job) => job.key === key && world.now() < job.acceptedAt + idempotentFor) : undefined;
    if (known) return known;
    for (const other of jobs) {
      if (other.key === key) violations.push(`two jobs of one submission: J${other.id} and J${jobs.length + 1}`);
      else if (other.state !== 'failed') violations.push(`J${jobs.length + 1} is made while J${other.id} is ${other.state}`);
    }
    const job: SimJob = {
      id: jobs.length + 1,
      key,
      input,
      state: 'active',
      acceptedAt: world.now(),
      shownAt: world.now() + world.between(0, FIND_LAG),
    };
    jobs.push(job);
    world.note(`far side accepts J${job.id}`);
    world.after(world.between(0, 120_000), () => {
      job.state = world.chance(failures) ? 'failed' : 'succeeded';
      world.note(`J${job.id} ${job.state}`);
    });
    return job;
  };

  const ask = async <T>(process: Process, faulty: () => boolean, answer: () => T): Promise<T> => {
    await world.delay(process);
    if (faulty() && world.chance(0.05)) throw new Error('the far side did not answer');
    return answer();
  };

  return {
    kind,
    jobs,
    violations,
    inFlight: () => flying,
    from: (process, faulty) => ({
      submitTimeout: SUBMIT_TIMEOUT,
      findLag: FIND_LAG,
      ...(kind === 'keyed' && { idempotentFor }),
      submit: (input, { idempotencyKey }) =>
        new Promise<number>((resolve, reject) => {
          flying += 1;
          // A request that has left its process goes on without it, but not beyond the promise that users make; no promise covers
          // one that was sent when its time was over.
          const deadline = process.wroteAheadAt + SUBMIT_TIMEOUT;
          const covered = world.now() < deadline;
          const arrives = (): void => {
            flying -= 1;
            if (faulty() && world.chance(0.05)) {
              answer(() => reject(new NotSubmittedError('refused')));
            } else if (faulty() && world.chance(0.07)) {
              answer(() => reject(new Error('the request was lost')));
            } else if (covered && world.now() >= deadline) {
              answer(() => reject(new Error('too late')));
            } else {
              const { id } = accept(idempotencyKey, input);
              if (faulty() && world.chance(0.07)) answer(() => reject(new Error('the reply was lost')));
              else answer(() => resolve(id));
            }
          };
          const answer = (give: () => void): void => void world.delay(process).then(give);
          const slow = faulty() && world.chance(0.15);
          world.after(slow ? world.between(0, SUBMIT_TIMEOUT * 0.99) : world.between(0, 100), arrives);
        }),
      ...(kind === 'findable' && {
        find: (key: string) =>
          ask(process, faulty, () => jobs.findLast((job) => job.key === key && job.shownAt <= world.now())?.id),
      }),
      getStatus: (id) =>
        ask(process, faulty, (): JobStatus => {
          const job = jobs[id - 1];
          if (!job) return { state: 'missing' };
          if (faulty() && world.chance(0.05)) return { state: 'unknown' };
          return job.state === 'failed' ? { state: 'failed', reason: 'by chance' } : { state: job.state };
        }),
      getResult: (id) => ask(process, faulty, () => `result of J${id}`),
    }),
  };
}
