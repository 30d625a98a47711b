import type { MetastoreLineage } from '../lineage.ts';
import type { MemorySpace } from './scope.ts';

/** What the memory metastore knows of its own past. It has no shards, and is born and raised as a whole. */
export function memoryLineage({ data, atomically }: MemorySpace): MetastoreLineage {
  return {
    read: (call) =>
      atomically(call, () => {
        const { bornAt, name, generation } = data;
        return { bornAt, name, generation: { lowest: generation, highest: generation } };
      }),
    bear: (name, call) =>
      atomically(call, (now) => {
        data.bornAt ??= now;
        data.name ??= name;
      }),
    raise: (generation, call) =>
      atomically(call, () => {
        data.generation = Math.max(data.generation, generation);
      }),
  };
}
