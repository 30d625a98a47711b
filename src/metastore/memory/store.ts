import { closedMetastore, type Metastore, type MetastoreContext, type OpenMetastore } from '../metastore.ts';
import { memoryJobs, memorySavings } from './jobs.ts';
import { memoryLineage } from './lineage.ts';
import { memoryOrphans, memoryScopes, memoryTasks } from './operators.ts';
import { memoryFences, memoryRecords } from './records.ts';
import { memoryReferences } from './restore.ts';
import { memoryData, memorySpace, NAME, type MemoryData } from './scope.ts';
import { memorySweep } from './sweep.ts';
import { memoryValues } from './values.ts';

/**
 * A metastore in this process's memory, for tests and for trying out. It keeps the same texts as Redis would, decides in the
 * same order, and takes the store's clock for the server's. Stores that are given the same one share what it holds.
 */
export function memoryMetastore(): Metastore {
  const namespaces = new Map<string, MemoryData>();
  return closedMetastore((context) => {
    const data = namespaces.get(context.namespace) ?? memoryData();
    namespaces.set(context.namespace, data);
    return openMemory(data, context);
  });
}

/** The operations on one namespace. */
export function openMemory(data: MemoryData, { clock }: Pick<MetastoreContext, 'clock'>): OpenMetastore {
  const space = memorySpace(data, clock);
  const { atomically } = space;
  return {
    name: NAME,
    ready: (call) => atomically(call, () => undefined),
    now: (call) => atomically(call, (now) => now),
    facts: (call) => atomically(call, (now) => ({ servers: [], now })),
    values: memoryValues(space),
    fences: memoryFences(space),
    records: memoryRecords(space),
    orphans: memoryOrphans(space),
    tasks: memoryTasks(space),
    scopes: memoryScopes(space),
    jobs: memoryJobs(space),
    savings: memorySavings(space),
    sweep: memorySweep(space),
    references: memoryReferences(space),
    lineage: memoryLineage(space),
  };
}
