import { memoryObjectStore } from '../../../src/object-store/memory.ts';
import { maintenanceContract } from '../../contract/maintenance.ts';
import { memoryRig } from '../../support/memory-rig.ts';

maintenanceContract(
  'memory and memory',
  () => Promise.resolve(memoryRig()),
  () => Promise.resolve({ objectStore: memoryObjectStore(), otherObjectStore: memoryObjectStore({ alias: 'other' }) }),
);
