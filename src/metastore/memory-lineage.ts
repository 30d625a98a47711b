import type { MemoryData } from './memory-scope.ts';
import type { Lineage } from './upkeep.ts';

/** What the memory metastore knows of its own past. It has no shards, and is born and raised as a whole. */

/** The birth, and the generation. */
export function lineageOf({ bornAt, generation }: MemoryData): Lineage {
  return { bornAt, generation: { lowest: generation, highest: generation } };
}

/** Makes the birth known. */
export function bear(data: MemoryData, now: number): void {
  data.bornAt ??= now;
}

/** Raises the generation, never lowers it. */
export function raise(data: MemoryData, generation: number): void {
  data.generation = Math.max(data.generation, generation);
}
