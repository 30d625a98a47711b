import type { MemoryData } from './scope.ts';
import type { Lineage } from '../upkeep.ts';

/** What the memory metastore knows of its own past. It has no shards, and is born and raised as a whole. */

/** The birth, the name, and the generation. */
export function lineageOf({ bornAt, name, generation }: MemoryData): Lineage {
  return { bornAt, name, generation: { lowest: generation, highest: generation } };
}

/** Makes the birth known, and gives a name. */
export function giveBirth(data: MemoryData, name: string, now: number): void {
  data.bornAt ??= now;
  data.name ??= name;
}

/** Raises the generation, never lowers it. */
export function raiseGeneration(data: MemoryData, generation: number): void {
  data.generation = Math.max(data.generation, generation);
}
