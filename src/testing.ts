/** Tests of processors without Redis, without a queue and without waiting. */
export type { Gap } from './job/protocol/crash-point.ts';
export { memoryMetastore } from './metastore/memory/store.ts';
export { memoryObjectStore } from './object-store/memory.ts';
export { fakeClock, type FakeClock } from './testing/fake-clock.ts';
export { KilledError } from './testing/killed-world.ts';
export { memoryStateStore, type MemoryStateStore } from './testing/memory-state-store.ts';
export {
  objectStoreContract,
  type ContractCase,
  type ObjectStoreContractOptions,
  type OpenedObjectStore,
} from './testing/object-store-contract/contract.ts';
export { testTask, type TestTask } from './testing/test-task.ts';
