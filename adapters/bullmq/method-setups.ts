import type { StateStore } from '../../src/index.ts';
import { createKnownJobs } from './final-failure.ts';
import { checkOptions, type ProcessorOptions } from './options.ts';
import type { BullJob } from './runtime.ts';
import { createSetup, type Setup } from './setup.ts';

/**
 * What calls of `runWithState` share. There no processor is made that could keep it, and options are often written where they are
 * passed, so it lives on the store: by queue and name of the job, with the options that such a job was run with last.
 */

const setupsKey: unique symbol = Symbol('mooring.bullmq.setups');

/** As many as a store may reasonably serve; where names are made up at run time, the oldest are forgotten. */
const MOST = 100;

/** The setups of one store. */
export interface MethodSetups {
  /** The setup for a job like this one. */
  for<J extends BullJob>(job: J, options: ProcessorOptions<J>): Setup<J>;
  /** Called once BullMQ has given a job up. The same function for all calls, so that a worker keeps it once. */
  gaveUp(job: BullJob): void;
}

/**
 * The setups of a store.
 *
 * @throws {@link ConfigError} for what is no store, or an option that cannot be meant.
 */
export function methodSetups<J extends BullJob>(
  store: StateStore & { [setupsKey]?: MethodSetups },
  options: ProcessorOptions<J>,
): MethodSetups {
  checkOptions(store, options);
  if (store[setupsKey]) return store[setupsKey];
  const created = createMethodSetups(store);
  Object.defineProperty(store, setupsKey, { value: created });
  return created;
}

function createMethodSetups(store: StateStore): MethodSetups {
  const setups = new Map<string, Setup<BullJob>>();
  const warned = new Set<string>();
  return {
    for<J extends BullJob>(job: J, options: ProcessorOptions<J>): Setup<J> {
      const name = nameOf(job);
      // Of jobs of this name only: those of others may have external jobs of the same `externalIdKey`.
      const known = setups.get(name)?.known ?? createKnownJobs();
      const setup = createSetup(store, options, { known, warned });
      setups.delete(name);
      setups.set(name, setup as unknown as Setup<BullJob>);
      const [oldest] = setups.keys();
      if (setups.size > MOST && oldest !== undefined) setups.delete(oldest);
      return setup;
    },
    gaveUp: (job) => void setups.get(nameOf(job))?.gaveUp(job),
  };
}

function nameOf(job: BullJob): string {
  return JSON.stringify([job.queueQualifiedName, job.name]);
}
