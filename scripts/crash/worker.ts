/** A BullMQ worker of the crash tests. */
import { Queue, Worker } from 'bullmq';
import { cancelJob, resumableProcessor } from 'mooring/bullmq';
import { echo } from './echo.ts';
import type { EchoInput, Setting } from './messages.ts';
import { serve } from './serve.ts';

const setting = JSON.parse(process.argv[2] ?? '{}') as Setting;

await serve(setting, {
  async work({ queue, releases, ...order }, store, connection) {
    const options = releases ? ({ wait: { mode: 'release', holdFor: 0 } } as const) : {};
    const processor = resumableProcessor(store, echo(setting.batchUrl, order), options);
    const worker = new Worker<EchoInput, string>(queue, processor, {
      connection,
      lockDuration: 1_500,
      stalledInterval: 500,
      maxStalledCount: 20,
    });
    worker.on('error', () => {});
    return { close: () => worker.close() };
  },
  async cancel(name, id, store, connection) {
    const queue = new Queue(name, { connection });
    queue.on('error', () => {});
    await cancelJob(queue, id, { store, reason: 'nobody wants it any more' });
    await queue.close();
  },
});
