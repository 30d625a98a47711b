/** A master with two replicas, watched by Sentinel, which makes one of them the master once the master gives no sign of life. */
import { Redis } from 'ioredis';
import { startRedis, type RedisServer } from '../../redis/server.ts';
import type { CrashRuntime } from '../runtime.ts';
import { connectTo, MASTER } from '../stores.ts';
import { stopAll, until, use, type CrashMetastore } from './metastore.ts';

/** After so many milliseconds without a sign of life the master counts as gone. */
const DOWN_AFTER = 500;

/** What happens to the master: it is killed, or it stops, and goes on when another one has its place. */
export type MasterEnd = 'failover' | 'freeze';

/** Starts them. */
export async function startSentinel(end: MasterEnd, runtime: CrashRuntime): Promise<CrashMetastore> {
  const master = await startRedis();
  const servers: RedisServer[] = [master];
  const stop = (): Promise<void> => stopAll(servers);
  try {
    const following = { replicaof: ['127.0.0.1', String(master.port)], 'repl-diskless-sync-delay': '0' };
    servers.push(...(await Promise.all([1, 2].map(() => startRedis(undefined, { settings: following })))));
    const watcher = await startWatcher(master.port);
    servers.push(watcher);
    const address = { kind: 'sentinel', port: watcher.port, replicas: true } as const;
    const sentinel = new Redis(watcher.port, '127.0.0.1');
    const client = connectTo(address);
    try {
      await until(async () => ((await sentinel.call('SENTINEL', 'replicas', MASTER)) as unknown[]).length === 2);
      await use(client);
      await runtime.aged(master.port);
      await client.wait(2, 0);
    } finally {
      client.disconnect();
      sentinel.disconnect();
    }
    return {
      address,
      async disturb(goOn) {
        process.kill(master.pid, end === 'failover' ? 'SIGKILL' : 'SIGSTOP');
        goOn();
        await replaced(watcher.port, master.port);
        if (end === 'freeze') process.kill(master.pid, 'SIGCONT');
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function startWatcher(port: number): Promise<RedisServer> {
  const rules = [
    `monitor ${MASTER} 127.0.0.1 ${port} 1`,
    `down-after-milliseconds ${MASTER} ${DOWN_AFTER}`,
    `failover-timeout ${MASTER} 10000`,
    `parallel-syncs ${MASTER} 2`,
  ];
  return startRedis(undefined, { sentinel: rules.map((rule) => `sentinel ${rule}\n`).join('') });
}

/** Resolves when Sentinel names another master. */
async function replaced(sentinelPort: number, former: number): Promise<void> {
  const sentinel = new Redis(sentinelPort, '127.0.0.1');
  try {
    await until(async () => {
      const [, port] = (await sentinel.call('SENTINEL', 'get-master-addr-by-name', MASTER)) as string[];
      return port !== undefined && Number(port) !== former;
    });
  } finally {
    sentinel.disconnect();
  }
}
