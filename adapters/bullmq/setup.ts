import { ConfigError, type StateStore, type TaskScope } from '../../src/index.ts';
import { cancelAll, createKnownJobs, type KnownJobs } from './final-failure.ts';
import type { Watch } from './lifecycle.ts';
import { checkOptions, type ProcessorOptions } from './options.ts';
import { logLine, textOf } from './reporting.ts';
import type { BullJob } from './runtime.ts';
import { jobScope } from './scope.ts';

/** What the calls of one processor share. */
export interface Setup<J extends BullJob> {
  readonly store: StateStore;
  readonly options: ProcessorOptions<J>;
  /** The external jobs that its tasks have used in this process. */
  readonly known: KnownJobs;
  scopeOf(job: J): TaskScope;
  /** Called once BullMQ has given a job up. `known`: the external jobs of its attempt, where that ran here. Never rejects. */
  gaveUp(job: J, known?: KnownJobs): Promise<void>;
  /** Warns once per worker; where there is none, once per processor. */
  warn(worker: Watch | undefined, text: string): void;
}

/** What several setups may share. */
export interface Shared {
  readonly known: KnownJobs;
  /** Texts of the warnings that were given without a worker. */
  readonly warned: Set<string>;
}

/**
 * Checks the options of a processor.
 *
 * @param shared - What it knows already.
 * @defaultValue `shared` is nothing yet
 * @throws {@link ConfigError} that names the option.
 */
export function createSetup<J extends BullJob>(
  store: StateStore,
  options: ProcessorOptions<J>,
  { known, warned: warnedWithoutWorker }: Shared = { known: createKnownJobs(), warned: new Set() },
): Setup<J> {
  checkOptions(store, options);
  const scopeOf = (job: J): TaskScope => {
    const scope: unknown = options.scope ? options.scope(job) : jobScope(job);
    if (typeof scope !== 'object' || scope === null) throw new ConfigError('scope', 'must return a task scope', scope);
    return scope as TaskScope;
  };
  return {
    store,
    options,
    known,
    scopeOf,
    async gaveUp(job, used = known) {
      if (options.onFinalFailure !== 'cancel') return;
      try {
        await cancelAll(store, scopeOf(job), used, job);
      } catch (error) {
        logLine(job, `could not look for external jobs to cancel after the final failure: ${textOf(error)}`);
      }
    },
    warn(worker, text) {
      const warned = worker?.warned ?? warnedWithoutWorker;
      if (warned.has(text)) return;
      warned.add(text);
      process.emitWarning(text, { type: 'MooringWarning' });
    },
  };
}
