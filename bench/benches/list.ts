import type { Bench } from '../harness/bench.ts';

/** Every bench by its name; each is loaded when it is asked for. */
export const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  set: async () => (await import('./set.ts')).set,
  get: async () => (await import('./get.ts')).get,
  jobs: async () => (await import('./jobs.ts')).jobs,
};
