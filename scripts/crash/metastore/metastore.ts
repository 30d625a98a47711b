/** A metastore of one run alone, to which something happens in the gap. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Cluster, Redis } from 'ioredis';
import type { MetastoreAddress } from '../messages.ts';

/** A Redis, or several, whose namespace has long been in use. */
export interface CrashMetastore {
  readonly address: MetastoreAddress;
  /**
   * Lets it happen.
   *
   * @param goOn - Called once: from then on the attempt meets what happens.
   * @param ended - Resolves when the job has ended, or after so many milliseconds.
   */
  disturb(goOn: () => void, ended: (ms: number) => Promise<void>): Promise<void>;
  stop(): Promise<void>;
}

/** The first use of the namespace, by a client that the caller keeps. */
export async function use(client: Redis | Cluster): Promise<void> {
  const [{ createStateStore }, { redisMetastore }] = await Promise.all([import('mooring'), import('mooring/redis')]);
  const store = createStateStore({ metastore: redisMetastore({ client }) });
  await store.task({ flow: 'first', run: 'use', task: 'of-all' }).set('used', true);
  await store.close();
}

/** Stops servers. */
export async function stopAll(servers: readonly { stop(): Promise<void> }[]): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()));
}

/** A failover takes seconds, and a slow machine longer. */
const PATIENCE = 60_000;

/** Waits until something holds. What the question rejects with counts as no. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + PATIENCE; !(await holds().catch(() => false)); await pause(20)) {
    if (Date.now() > end) throw new Error('the servers did not come to an agreement');
  }
}
