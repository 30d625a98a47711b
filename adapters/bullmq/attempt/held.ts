import { beginAttempt, type Attempt, type StateShape } from '../../../src/adapter-kit.ts';
import type { Watch } from '../worker/lifecycle.ts';
import type { Setup, StatefulJob } from '../worker/setup.ts';
import { jobLogger } from './job-log.ts';
import { progressReporter, type ProgressReporter } from './reporting.ts';
import { attemptFacts } from './scope.ts';
import { createStop, type Stop } from './stop.ts';

/** The attempt of a call that uses state, or that did not end as it should. */

const LOST = 'Mooring refused a job that used state for the first time after it was moved or lost: use state before that';

/** An attempt, and how it is stopped. */
export interface HeldAttempt<Shape extends StateShape<Shape>> {
  readonly attempt: Attempt<Shape>;
  readonly stop: Stop;
  readonly progress: ProgressReporter | undefined;
  /** Whether the attempt has proven that it holds the job. */
  holds(): boolean;
  /** Listens to BullMQ's signal, until `deafen()`. */
  listen(signal: AbortSignal | undefined): void;
  deafen(): void;
}

/** Begins the attempt of a call. Does no I/O. */
export function beginHeld<Shape extends StateShape<Shape>>(
  held: StatefulJob & { token: string },
  setup: Setup,
  worker: Watch,
): HeldAttempt<Shape> {
  const { job, store, scope } = held;
  const { options } = setup;
  const { lockDuration } = worker;
  let holds = false;
  const prove = async (): Promise<boolean> => {
    holds = await worker.prove(held);
    if (!holds) worker.warn('lost', LOST);
    return holds;
  };
  const clearAfterSuccess = options.clearAfterSuccess ?? (options.scope && 'forever');
  const progress = options.reportProgress ? progressReporter(job) : undefined;
  const attempt = beginAttempt<Shape>(store, {
    scope,
    ...attemptFacts(job),
    logger: jobLogger(job),
    fence: { kind: 'drawn', prove: job.extendLock && prove },
    patience: lockDuration,
    release: (after) => stop.release(after),
    onCancelRequest: (reason) => stop.cancel(reason),
    externalJobs: options.externalJobs ?? [],
    ...(options.wait ? { wait: options.wait } : {}),
    ...(clearAfterSuccess === undefined ? {} : { clearAfterSuccess }),
    ...(progress ? { onReport: progress.report } : {}),
  });
  const stop = createStop(held, attempt, worker, setup);
  let deafen = (): void => undefined;
  return {
    attempt,
    stop,
    progress,
    holds: () => holds,
    listen(signal) {
      const aborted = (): void => stop.aborted(signal?.reason);
      signal?.addEventListener('abort', aborted, { once: true });
      deafen = () => signal?.removeEventListener('abort', aborted);
      if (signal?.aborted) aborted();
      if (worker.isClosing()) stop.close();
    },
    deafen: () => deafen(),
  };
}
