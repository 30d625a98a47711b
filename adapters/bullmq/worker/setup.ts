import type { StateStore, TaskScope } from '../../../src/adapter-kit.ts';
import { checkProcessorOptions, type ProcessorOptions } from '../options.ts';
import type { BullJob } from '../runtime.ts';

type Options = ProcessorOptions<never>;

/** What the calls of one processor share. */
export interface Setup {
  readonly store: StateStore;
  readonly options: Options;
}

/** A job, and the scope of its state. */
export interface StatefulJob {
  readonly job: BullJob;
  readonly store: StateStore;
  readonly scope: TaskScope;
}

/**
 * Checks the options of a processor.
 *
 * @param own - The external job of the processor itself.
 * @throws {@link ConfigError} that names the option.
 */
export function createSetup(store: StateStore, options: Options, own: Options['externalJobs'] = []): Setup {
  checkProcessorOptions(store, options);
  return { store, options: { ...options, externalJobs: [...own, ...(options.externalJobs ?? [])] } };
}
