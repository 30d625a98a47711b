/** What the demo and its workers say to each other. */
import type { Gap } from '../../src/job/protocol/crash-point.ts';

/** A worker's setting, as its one argument. */
export interface WorkerSetting {
  redisPort: number;
  batchUrl: string;
  queue: string;
  /** Temporal's server, and the file of the workflows' code. */
  temporal?: { address: string; bundle: string };
  /** Where the worker ends itself with SIGKILL. */
  killAt?: Gap;
}

/** The job's data. */
export interface DigestInput {
  /** Whose job it is at the batch service. */
  name: string;
  file: string;
}

/** The job's result. */
export interface Digest {
  sha256: string;
  lines: number;
  bytes: number;
  gzipBytes: number;
}

/** What a worker tells. */
export type WorkerMessage =
  | { type: 'ready' }
  | { type: 'took'; attempt: number }
  | { type: 'decision'; decision: string }
  | { type: 'polls'; id: string }
  | { type: 'completed' };

/** The work, as a command for the batch service. */
export function digestCommand({ file }: DigestInput): string[] {
  return [process.execPath, new URL('digest.mjs', import.meta.url).pathname, file];
}
