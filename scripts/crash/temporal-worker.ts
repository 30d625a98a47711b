/** A Temporal worker of the crash tests, of activities only: started ahead, works at one queue when told, and dies there if that is its order. */
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { Redis } from 'ioredis';
import { createStateStore } from 'mooring';
import { redisMetastore } from 'mooring/redis';
import { mooringPlugin, resumableActivity } from 'mooring/temporal';
import { hangOnParent } from '../children.ts';
import { dieAt } from '../kill.ts';
import { echo } from './echo.ts';
import type { Message, Order, Setting } from './messages.ts';

const setting = JSON.parse(process.argv[2] ?? '{}') as Setting;
const tell = hangOnParent<Message>();
if (!setting.temporal) throw new Error('a worker of Temporal needs its address');
Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
const connection = await NativeConnection.connect({ address: setting.temporal.address });
const client = new Redis(setting.redisPort, '127.0.0.1', { maxRetriesPerRequest: null });
let running: { worker: Worker; ended: Promise<void> } | undefined;

async function work({ queue, side, killAt }: Order & { type: 'work' }): Promise<void> {
  const plain = createStateStore({
    metastore: redisMetastore({ client }),
    onEvent: (event) => event.type === 'decision' && tell({ type: 'decision', decision: event.decision }),
  });
  const store = await dieAt(plain, killAt);
  const worker = await Worker.create({
    connection,
    taskQueue: queue,
    activities: { echo: resumableActivity(echo(setting.batchUrl, side)) },
    plugins: [mooringPlugin(store)],
  });
  running = { worker, ended: worker.run() };
  await running.ended;
}

async function stop(): Promise<void> {
  running?.worker.shutdown();
  await running?.ended;
  tell({ type: 'stopped' });
}

process.on('message', (order: Order) => {
  void (order.type === 'work' ? work(order) : stop()).catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  });
});
await client.ping();
tell({ type: 'ready' });
