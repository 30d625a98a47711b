/** A Temporal worker of the demo: the activity as one writes it with Mooring. Everything around it is for the timeline. */
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { Redis } from 'ioredis';
import { createStateStore } from 'mooring';
import { redisMetastore } from 'mooring/redis';
import { mooringPlugin, resumableActivity } from 'mooring/temporal';
import { hangOnParent } from '../../drill/harness/processes.ts';
import { dieAt } from '../kill.ts';
import { digestJob } from './digest-job.ts';
import type { WorkerMessage, WorkerSetting } from './messages.ts';
import { watched } from './temporal-watch.ts';

const setting = JSON.parse(process.argv[2] ?? '{}') as WorkerSetting;
const tell = hangOnParent<WorkerMessage>();
if (!setting.temporal) throw new Error('a worker of Temporal needs its address');
Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });

const store = createStateStore({
  metastore: redisMetastore({ client: new Redis(setting.redisPort, '127.0.0.1') }),
  onEvent: (event) => event.type === 'decision' && tell({ type: 'decision', decision: event.decision }),
});

const mortal = await dieAt(store, setting.killAt);
const digest = watched(tell, resumableActivity(digestJob(setting.batchUrl, tell)));
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address: setting.temporal.address }),
  taskQueue: setting.queue,
  workflowBundle: { codePath: setting.temporal.bundle },
  activities: { digest },
  plugins: [mooringPlugin(mortal)],
});
tell({ type: 'ready' });
await worker.run();
