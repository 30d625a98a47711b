import { describe } from '@jest/globals';
import { crashesContract } from './state-store-crashes.ts';
import { encryptionContract } from './state-store-encryption.ts';
import { keysContract } from './state-store-keys.ts';
import { lifetimeContract } from './state-store-lifetime.ts';
import type { PartsFactory } from './state-store-parts.ts';
import { referencesContract } from './state-store-references.ts';
import { streamReadsContract } from './state-store-stream-reads.ts';
import { streamWritesContract } from './state-store-stream-writes.ts';
import { streamsContract } from './state-store-streams.ts';
import { valuesContract } from './state-store-values.ts';
import { writesContract } from './state-store-writes.ts';

/**
 * What every pair of a metastore and an object store must give: the conformance cases and the invariants of storage. `streams`: also
 * those of streams, for which each store is tested once on either side.
 */
export function stateStoreContract(name: string, factory: PartsFactory, { streams = true }: { streams?: boolean } = {}): void {
  describe(`state store on ${name}`, () => {
    keysContract(factory);
    valuesContract(factory);
    referencesContract(factory);
    writesContract(factory);
    lifetimeContract(factory);
    crashesContract(factory);
    encryptionContract(factory);
    if (!streams) return;
    streamsContract(factory);
    streamReadsContract(factory);
    streamWritesContract(factory);
  });
}
