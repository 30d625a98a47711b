import { describe, it } from '@jest/globals';
import { objectStoreContract, type ObjectStoreContractOptions } from '../../src/testing/object-store-contract/contract.ts';

export { all, objectOf } from '../../src/testing/object-store-contract/case.ts';
export type { OpenedObjectStore } from '../../src/testing/object-store-contract/contract.ts';

/** The contract that `mooring/testing` has, under Jest. */

/**
 * For a server that several clients go to, one after the other: requests take milliseconds of the processor. Still more than a
 * page of a listing, and than one request deletes, which is a thousand. All clients together see more histories than one alone
 * would.
 */
export const OF_A_SERVER: Omit<ObjectStoreContractOptions, 'open'> = { manyObjects: 1_200, histories: 20 };

/** What every object store must do. */
export function describeObjectStore(options: ObjectStoreContractOptions): void {
  describe('the contract (C42 C65 C68 C69)', () => {
    for (const { name, run } of objectStoreContract(options)) it(name, run);
  });
}
