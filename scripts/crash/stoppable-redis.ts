/** A metastore for one run, which can stop as if its machine hung: nobody is refused, and nobody is answered. */
import { Redis } from 'ioredis';
import { startRedis } from '../redis/server.ts';
import type { CrashRuntime } from './runtime.ts';

/** A Redis whose namespace has long been in use. */
export interface StoppableRedis {
  readonly port: number;
  halt(): void;
  goOn(): void;
  stop(): Promise<void>;
}

/** Starts one. */
export async function startStoppableRedis(runtime: CrashRuntime): Promise<StoppableRedis> {
  const { port, stop } = await startRedis();
  const client = new Redis(port, '127.0.0.1');
  try {
    const pid = Number(/process_id:(\d+)/.exec(await client.info('server'))?.[1]);
    await use(client);
    await runtime.aged(port);
    return { port, stop, halt: () => void process.kill(pid, 'SIGSTOP'), goOn: () => void process.kill(pid, 'SIGCONT') };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    client.disconnect();
  }
}

/** The first use of the namespace. */
async function use(client: Redis): Promise<void> {
  const [{ createStateStore }, { redisMetastore }] = await Promise.all([import('mooring'), import('mooring/redis')]);
  const store = createStateStore({ metastore: redisMetastore({ client }) });
  await store.task({ flow: 'first', run: 'use', task: 'of-all' }).set('used', true);
  await store.close();
}
