/** One server, which stops as if its machine hung: nobody is refused, and nobody is answered. */
import { startRedis } from '../../redis/server.ts';
import { COMMAND_TIMEOUT } from '../messages.ts';
import type { CrashRuntime } from '../runtime.ts';
import { connectTo } from '../stores.ts';
import { use, type CrashMetastore } from './metastore.ts';

/** Longer than an attempt waits for one command, and than BullMQ's lock lasts. */
const OUTAGE = 3 * COMMAND_TIMEOUT;

/** Starts one. */
export async function startSingle(runtime: CrashRuntime): Promise<CrashMetastore> {
  const { port, pid, stop } = await startRedis();
  const address = { kind: 'single', port, replicas: false } as const;
  const client = connectTo(address);
  try {
    await use(client);
    await runtime.aged(port);
  } catch (error) {
    await stop();
    throw error;
  } finally {
    client.disconnect();
  }
  return {
    address,
    async disturb(goOn, ended) {
      process.kill(pid, 'SIGSTOP');
      goOn();
      await ended(OUTAGE);
      process.kill(pid, 'SIGCONT');
    },
    stop,
  };
}
