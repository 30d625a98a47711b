import { describe } from '@jest/globals';
import { crashesContract } from './state-store-crashes.ts';
import { encryptionContract } from './state-store-encryption.ts';
import { keysContract } from './state-store-keys.ts';
import { lifetimeContract } from './state-store-lifetime.ts';
import type { PartsFactory } from './state-store-parts.ts';
import { patienceContract } from './state-store-patience.ts';
import { referencesContract } from './state-store-references.ts';
import { streamAheadContract } from './state-store-stream-ahead.ts';
import { streamDamageContract } from './state-store-stream-damage.ts';
import { streamReadsContract } from './state-store-stream-reads.ts';
import { streamWritesContract } from './state-store-stream-writes.ts';
import { streamsContract } from './state-store-streams.ts';
import { valuesContract } from './state-store-values.ts';
import { writesContract } from './state-store-writes.ts';

/** Which parts of the contract. */
export interface StateStoreContractOptions {
  /** Also what streams must do; each store is tested with them once on either side. @defaultValue true */
  streams?: boolean;
  /**
   * Also what the state store does by itself. It waits for things that are in neither store. It meets streams that are damaged,
   * broken or left on their way from the object store, where the test stands between the two. To the stores these are plain
   * writes and reads, which the rest covers. So it is tested with the stores in memory, and on a real Redis with real files.
   * @defaultValue false
   */
  own?: boolean;
}

/** What every pair of a metastore and an object store must give: the conformance cases and the invariants of storage. */
export function stateStoreContract(
  name: string,
  factory: PartsFactory,
  { streams = true, own = false }: StateStoreContractOptions = {},
): void {
  describe(`state store on ${name}`, () => {
    keysContract(factory);
    valuesContract(factory);
    referencesContract(factory);
    writesContract(factory);
    lifetimeContract(factory);
    crashesContract(factory);
    encryptionContract(factory);
    if (own) {
      patienceContract(factory);
      streamDamageContract(factory);
      streamAheadContract(factory);
    }
    if (!streams) return;
    streamsContract(factory);
    streamReadsContract(factory);
    streamWritesContract(factory);
  });
}
