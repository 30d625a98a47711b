/** Tests of processors without Redis, without a queue and without waiting. */
export type { Gap } from '../job/crash-point.ts';
export { memoryMetastore } from '../metastore/memory.ts';
export { memoryObjectStore } from '../object-store/memory.ts';
export { fakeClock, type FakeClock } from './fake-clock.ts';
export { KilledError } from './killed-world.ts';
export { memoryStateStore, type MemoryStateStore } from './memory-state-store.ts';
export { testTask, type TestTask } from './test-task.ts';
