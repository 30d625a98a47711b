import { describe } from '@jest/globals';
import { memoryObjectStore } from '../../../src/object-store/memory.ts';
import type { ObjectStore } from '../../../src/object-store/object-store.ts';
import { maintenanceContract } from '../../contract/maintenance.ts';
import { memoryRig } from '../../support/memory-rig.ts';
import { withoutConditions } from '../../support/without-conditions.ts';

describe.each<[string, (store: ObjectStore) => ObjectStore]>([
  ['memory', (store) => store],
  ['a store that ignores conditions', withoutConditions],
])('objects in %s', (stores, made) => {
  maintenanceContract(
    `memory and ${stores}`,
    () => Promise.resolve(memoryRig()),
    () =>
      Promise.resolve({ objectStore: made(memoryObjectStore()), otherObjectStore: made(memoryObjectStore({ alias: 'other' })) }),
  );
});
