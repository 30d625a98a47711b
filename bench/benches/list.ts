import type { Bench } from '../harness/bench.ts';

/** Every bench by its name; each is loaded when it is asked for. */
export const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  set: async () => (await import('./set.ts')).set,
  get: async () => (await import('./get.ts')).get,
  many: async () => (await import('./many.ts')).many,
  metastore: async () => (await import('./metastore.ts')).metastore,
  jobs: async () => (await import('./jobs.ts')).jobs,
  hold: async () => (await import('./hold.ts')).hold,
  commands: async () => (await import('./commands.ts')).commands,
  memory: async () => (await import('./memory.ts')).memory,
};
