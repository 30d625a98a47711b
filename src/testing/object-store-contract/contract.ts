import { requireKnownNames, type OptionNames } from '../../model/check-options.ts';
import { ConfigError } from '../../model/errors/store.ts';
import type { ContractCase, OpenedObjectStore, Trial } from './case.ts';
import { history } from './history.ts';
import { KEY_CASES } from './keys.ts';
import { lists } from './lists.ts';
import { puts } from './puts.ts';
import { READS } from './reads.ts';

export type { ContractCase, OpenedObjectStore } from './case.ts';

/** What every object store must do, as cases for any test runner. */

/** Options of `objectStoreContract()`. */
export interface ObjectStoreContractOptions {
  /** Opens an empty store. Called once for each case; the store is closed when the case ends. */
  open: () => OpenedObjectStore | Promise<OpenedObjectStore>;
  /**
   * Whether exactly one of many puts of the same object at the same time succeeds. `false` for a server that may report success
   * to several: then the object of one of them must stay.
   * @defaultValue true
   */
  atomicCreate?: boolean;
  /**
   * How many objects are deleted with one call: more than one page of a listing.
   * @defaultValue 2,500
   */
  manyObjects?: number;
  /**
   * How many histories are compared with a map.
   * @defaultValue 50
   */
  histories?: number;
}

const OPTIONS: OptionNames<ObjectStoreContractOptions> = { open: true, atomicCreate: true, manyObjects: true, histories: true };

/**
 * The cases that every object store must pass. Give each to your test runner:
 *
 * ```ts
 * for (const { name, run } of objectStoreContract({ open })) test(name, run);
 * ```
 *
 * Most take milliseconds; cases with many objects take as long as the store needs. A case rejects with an `AssertionError`, or
 * with whatever the store threw.
 *
 * @throws `ConfigError` for an invalid option.
 */
export function objectStoreContract(options: ObjectStoreContractOptions): readonly ContractCase[] {
  requireKnownNames('options', options, OPTIONS);
  const { open, atomicCreate = true, manyObjects = 2_500, histories = 50 } = options;
  if (typeof open !== 'function') throw new ConfigError('open', 'must be a function', open);
  const run = async (trial: Trial[1]): Promise<void> => {
    const { store, close } = await open();
    try {
      await trial(store);
    } finally {
      await close?.();
    }
  };
  const trials = [...puts({ atomicCreate }), ...READS, ...lists({ manyObjects }), ...KEY_CASES, history({ histories })];
  return trials.map(([name, trial]) => ({ name, run: () => run(trial) }));
}
