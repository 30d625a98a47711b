import type { StateStore, TaskScope } from '../../src/index.ts';
import { createKnownJobs, type KnownJobs } from './final-failure.ts';
import type { Watch } from './lifecycle.ts';
import { checkOptions, type ProcessorOptions } from './options.ts';
import type { BullJob } from './runtime.ts';
import { jobScope } from './scope.ts';

/** What the calls of one processor share. */
export interface Setup<J extends BullJob> {
  readonly store: StateStore;
  readonly options: ProcessorOptions<J>;
  /** The external jobs that its tasks have used in this process. */
  readonly known: KnownJobs;
  scopeOf(job: J): TaskScope;
  /** Called once BullMQ has given a job up; never rejects. */
  gaveUp(job: J): Promise<void>;
  /** Warns once per worker; where there is none, once per processor. */
  warn(worker: Watch | undefined, text: string): void;
}

/**
 * Checks the options of a processor.
 *
 * @throws {@link ConfigError} that names the option.
 */
export function createSetup<J extends BullJob>(store: StateStore, options: ProcessorOptions<J>): Setup<J> {
  checkOptions(store, options);
  const known = createKnownJobs();
  const warnedWithoutWorker = new Set<string>();
  const scopeOf = (job: J): TaskScope => options.scope?.(job) ?? jobScope(job);
  return {
    store,
    options,
    known,
    scopeOf,
    async gaveUp(job) {
      if (options.onFinalFailure === 'cancel') await known.cancelAll(store, scopeOf(job), job);
    },
    warn(worker, text) {
      const warned = worker?.warned ?? warnedWithoutWorker;
      if (warned.has(text)) return;
      warned.add(text);
      process.emitWarning(text, { type: 'MooringWarning' });
    },
  };
}
