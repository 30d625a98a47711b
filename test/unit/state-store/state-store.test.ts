import { memoryMetastore } from '../../../src/metastore/memory/store.ts';
import { memoryObjectStore } from '../../../src/object-store/memory.ts';
import { stateStoreContract } from '../../contract/state-store.ts';

stateStoreContract(
  'memory and memory',
  () =>
    Promise.resolve({
      metastore: memoryMetastore(),
      objectStore: memoryObjectStore(),
      otherObjectStore: memoryObjectStore({ alias: 'other' }),
      namespace: 'test',
    }),
  { own: true },
);
