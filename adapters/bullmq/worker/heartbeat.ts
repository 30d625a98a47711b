import { messageOf, systemTimer, type StateStore } from '../../../src/adapter-kit.ts';
import { requestsFor } from '../requests.ts';
import type { ExtendLocks } from '../runtime.ts';
import { extendLock } from './proofs.ts';
import { runName } from '../attempt/scope.ts';
import type { StatefulJob } from './setup.ts';

/**
 * Extends the locks of all live runs of a worker with one command, which also proves that they still hold their jobs. A second
 * command reads which of the jobs are to be cancelled, and for which a callback came. BullMQ extends locks too, but stops for a run whose job an earlier run of
 * the same worker has ended.
 */

/** The signals from outside to a call of a processor. */
export interface Listener {
  /** Another call holds the job. */
  lost(): void;
  /** Somebody wants the job to be cancelled. */
  cancel(reason: unknown): void;
  /** A callback of the external system came. `noted` identifies the note of it, if there is one. */
  callback(noted: string | undefined): void;
  /** The worker closes: external jobs continue, and another worker takes the job. */
  close(): void;
  /** BullMQ has completed the job. */
  completed(): void;
  /** BullMQ has given the job up. */
  gaveUp(): void;
}

/** One call of a processor. */
export interface LiveCall extends StatefulJob, Listener {
  /** The token of the job's lock. */
  readonly token: string;
  /** Milliseconds between two heartbeats. */
  readonly every: number;
  /** Whether it has used state. Its lock is extended from then on. */
  begun(): boolean;
}

/** Warns once for each kind. */
export type Warn = (kind: string, text: string) => void;

/** What a heartbeat needs of its worker. Without `extendLocks` each run extends its own lock. */
type Parts = { lockDuration: number; extendLocks: ExtendLocks | undefined; warn: Warn };

/**
 * The heartbeat of the live runs of a worker. Call the returned function with each run that begins to live, and without a run
 * after one has ended. The timer runs only while there is a live run.
 */
export function createHeartbeat(
  live: ReadonlySet<LiveCall>,
  { lockDuration, extendLocks, warn }: Parts,
): (begun?: LiveCall) => void {
  let stop: (() => void) | undefined;
  let every = 0;
  let unanswered = 0;

  const ask = (question: Promise<unknown>): void => {
    unanswered += 1;
    const failed = (error: unknown): void =>
      warn('beat', `Mooring could not renew locks or hear of cancels and callbacks, and tries again: ${messageOf(error)}`);
    void question.catch(failed).finally(() => (unanswered -= 1));
  };
  const extendOwn = async (run: LiveCall): Promise<void> => {
    if (run.job.extendLock && !(await extendLock(run, lockDuration)) && live.has(run)) run.lost();
  };
  const extendAll = async (runs: readonly LiveCall[]): Promise<void> => {
    const newest = new Map(runs.map((run) => [String(run.job.id), run]));
    const isNewest = ({ job, token }: LiveCall): boolean => newest.get(String(job.id))?.token === token;
    // An answer by the job's ID says nothing about an earlier run of the same job.
    const alone = runs.filter((run) => !extendLocks || !isNewest(run));
    const tokens = [...newest.values()].map(({ token }) => token);
    const failed = new Set(await extendLocks?.([...newest.keys()], tokens, lockDuration));
    for (const run of runs) if (isNewest(run) && failed.has(String(run.job.id)) && live.has(run)) run.lost();
    await Promise.all(alone.map(extendOwn));
  };
  const hear = async (store: StateStore): Promise<void> => {
    const runs = [...live].filter((run) => run.store === store);
    const asked = await requestsFor(
      store,
      runs.map(({ job }) => job),
    );
    for (const run of runs.filter((one) => live.has(one))) {
      const { cancel, callback } = asked.get(runName(run.job)) ?? {};
      if (cancel !== undefined) run.cancel(cancel);
      if (callback !== undefined) run.callback(callback);
    }
  };
  const beat = (): void => {
    if (unanswered > 0) warn('late', 'Mooring heard nothing for a heartbeat after it extended locks, and asks again');
    const begun = [...live].filter((run) => run.begun());
    if (begun.length > 0) ask(extendAll(begun));
    for (const store of new Set([...live].map((run) => run.store))) ask(hear(store));
    arm();
  };
  const arm = (): void => {
    stop?.();
    every = Math.min(...[...live].map((run) => run.every));
    stop = systemTimer(every, beat);
  };

  return (run) => {
    if (run) for (const other of live) if (other.job.id === run.job.id && other.token !== run.token) ask(extendOwn(other));
    if (run && (stop === undefined || run.every < every)) arm();
    if (live.size > 0) return;
    stop?.();
    stop = undefined;
  };
}
