import { describe } from '@jest/globals';
import { crashesContract } from './state-store-crashes.ts';
import { keysContract } from './state-store-keys.ts';
import { lifetimeContract } from './state-store-lifetime.ts';
import type { PartsFactory } from './state-store-parts.ts';
import { referencesContract } from './state-store-references.ts';
import { valuesContract } from './state-store-values.ts';
import { writesContract } from './state-store-writes.ts';

/** What every pair of a metastore and an object store must give: the conformance cases and the invariants of storage. */
export function stateStoreContract(name: string, factory: PartsFactory): void {
  describe(`state store on ${name}`, () => {
    keysContract(factory);
    valuesContract(factory);
    referencesContract(factory);
    writesContract(factory);
    lifetimeContract(factory);
    crashesContract(factory);
  });
}
