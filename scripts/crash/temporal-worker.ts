/** A Temporal worker of the crash tests, of activities only. */
import { DefaultLogger, makeTelemetryFilterString, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { mooringPlugin, resumableActivity } from '../../adapters/temporal/index.ts';
import { serve } from '../../drill/worker/serve.ts';
import { echo } from './echo.ts';
import type { EchoWork, Setting } from './messages.ts';
import { connect, openStore } from './stores.ts';

const { redisPort, batchUrl, temporal } = JSON.parse(process.argv[2] ?? '{}') as Setting;
if (!temporal) throw new Error('a worker of Temporal needs its address');
Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR', other: 'ERROR' }) } },
  shutdownSignals: [],
});

await serve<EchoWork>(async () => {
  const connection = await NativeConnection.connect({ address: temporal.address });
  const redis = connect(redisPort);
  await redis.ping();
  return {
    open: (work, onEvent) => openStore(redis, work, onEvent),
    async work({ queue, releases, extra }, store) {
      const options = releases ? ({ wait: { mode: 'release', holdFor: 0 } } as const) : {};
      const worker = await Worker.create({
        connection,
        taskQueue: queue,
        activities: { echo: resumableActivity(echo(batchUrl, extra), options) },
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
  };
});
