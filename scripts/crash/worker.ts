/** A BullMQ worker of the crash tests: started ahead, works at one queue when told, and dies there if that is its order. */
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { createStateStore } from 'mooring';
import { resumableProcessor } from 'mooring/bullmq';
import { redisMetastore } from 'mooring/redis';
import { hangOnParent } from '../children.ts';
import { dieAt } from '../kill.ts';
import { echo } from './echo.ts';
import type { EchoInput, Message, Order, Setting } from './messages.ts';

const setting = JSON.parse(process.argv[2] ?? '{}') as Setting;
const tell = hangOnParent<Message>();
const connection = new Redis(setting.redisPort, '127.0.0.1', { maxRetriesPerRequest: null });
let worker: Worker<EchoInput, string> | undefined;

async function work({ queue, side, killAt }: Order & { type: 'work' }): Promise<void> {
  const plain = createStateStore({
    metastore: redisMetastore({ client: connection }),
    onEvent: (event) => event.type === 'decision' && tell({ type: 'decision', decision: event.decision }),
  });
  const store = await dieAt(plain, killAt);
  worker = new Worker<EchoInput, string>(queue, resumableProcessor(store, echo(setting.batchUrl, side)), {
    connection,
    lockDuration: 1_500,
    stalledInterval: 500,
    maxStalledCount: 20,
  });
  worker.on('error', () => {});
}

process.on('message', (order: Order) => {
  const done = order.type === 'work' ? work(order) : worker?.close().then(() => tell({ type: 'stopped' }));
  done?.catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  });
});
await connection.ping();
tell({ type: 'ready' });
