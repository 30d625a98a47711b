import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startMinio, type S3Server } from '../../test/support/minio.ts';
import type { Build } from './builds.ts';
import { startBenchRedis, type BenchRedis } from './redis.ts';
import type { Settings } from './settings.ts';

/** What a bench works with. Servers start at first use; all of it ends with the bench. */
export interface Rig {
  readonly settings: Settings;
  /** This build, then the one of `--against`. */
  readonly builds: readonly Build[];
  redis(): Promise<BenchRedis>;
  minio(): Promise<S3Server>;
  /** A new temporary folder. */
  folder(): Promise<string>;
  /** Called when the bench ends: the last one first. */
  defer(close: () => unknown): void;
}

/** Makes the rig of one bench. */
export function openRig(settings: Settings, builds: readonly Build[]): { rig: Rig; close(): Promise<void> } {
  const closers: (() => unknown)[] = [];
  const defer = (close: () => unknown): void => void closers.push(close);
  const once = <Server extends { stop(): Promise<void> }>(start: () => Promise<Server>): (() => Promise<Server>) => {
    let started: Promise<Server> | undefined;
    return () =>
      (started ??= start().then((server) => {
        defer(() => server.stop());
        return server;
      }));
  };
  return {
    rig: {
      settings,
      builds,
      defer,
      redis: once(startBenchRedis),
      minio: once(startMinio),
      async folder() {
        const folder = await mkdtemp(join(tmpdir(), 'mooring-bench-'));
        defer(() => rm(folder, { recursive: true, force: true }));
        return folder;
      },
    },
    async close() {
      for (const close of closers.splice(0).toReversed()) await close();
    },
  };
}
