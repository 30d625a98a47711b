import type { Bench } from '../harness/bench.ts';

/** Every bench by its name; each is loaded when it is asked for. */
export const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  set: async () => (await import('./set.ts')).setBench,
  get: async () => (await import('./get.ts')).getBench,
  many: async () => (await import('./many.ts')).many,
  metastore: async () => (await import('./metastore.ts')).metastore,
  jobs: async () => (await import('./jobs.ts')).jobs,
  hold: async () => (await import('./hold.ts')).hold,
  commands: async () => (await import('./commands.ts')).commands,
  files: async () => (await import('./files.ts')).files,
  s3: async () => (await import('./s3.ts')).s3,
  'object-store': async () => (await import('./object-store.ts')).objectStore,
  streams: async () => (await import('./streams.ts')).streams,
  parts: async () => (await import('./parts.ts')).parts,
  codecs: async () => (await import('./codecs.ts')).codecs,
  block: async () => (await import('./block.ts')).block,
  resident: async () => (await import('./resident.ts')).resident,
  import: async () => (await import('./import.ts')).importBench,
  memory: async () => (await import('./memory.ts')).memory,
  'open-jobs': async () => (await import('./open-jobs.ts')).openJobs,
  sweep: async () => (await import('./sweep.ts')).sweepBench,
  growth: async () => (await import('./growth.ts')).growth,
};
