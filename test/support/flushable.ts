import { memoryData, type MemoryData } from '../../src/metastore/memory/scope.ts';
import { openMemory } from '../../src/metastore/memory/store.ts';
import { closedMetastore, type Metastore } from '../../src/metastore/metastore.ts';

/** A memory metastore that can lose everything, its namespace's birth too, under the stores that use it. */
export function flushable(): { metastore: Metastore; flush: () => void } {
  const opened: MemoryData[] = [];
  const metastore = closedMetastore((context) => {
    const data = memoryData();
    opened.push(data);
    return openMemory(data, context);
  });
  return { metastore, flush: () => opened.forEach((data) => Object.assign(data, memoryData())) };
}
