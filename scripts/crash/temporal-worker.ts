/** A Temporal worker of the crash tests, of activities only. */
import { DefaultLogger, makeTelemetryFilterString, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { mooringPlugin, resumableActivity } from 'mooring/temporal';
import { echo } from './echo.ts';
import type { Setting } from './messages.ts';
import { serve } from './serve.ts';

const setting = JSON.parse(process.argv[2] ?? '{}') as Setting;
if (!setting.temporal) throw new Error('a worker of Temporal needs its address');
Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) } },
  shutdownSignals: [],
});
const connection = await NativeConnection.connect({ address: setting.temporal.address });

await serve(setting, {
  async work({ queue, releases, ...order }, store) {
    const options = releases ? ({ wait: { mode: 'release', holdFor: 0 } } as const) : {};
    const worker = await Worker.create({
      connection,
      taskQueue: queue,
      activities: { echo: resumableActivity(echo(setting.batchUrl, order), options) },
      plugins: [mooringPlugin(store)],
    });
    const ended = worker.run();
    ended.catch(() => {});
    return {
      async close() {
        worker.shutdown();
        await ended;
      },
    };
  },
});
