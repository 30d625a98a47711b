/**
 * The Temporal worker that runs the workflows of all cells, and no activity: it is not what dies. Each of the workers that do
 * would need an engine for workflows of its own, which takes longer to start than a cell. In the demo one worker is both.
 */
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { hangOnParent } from '../../drill/harness/processes.ts';
import type { WorkflowSetting } from './messages.ts';

const { address, bundle, queue } = JSON.parse(process.argv[2] ?? '{}') as WorkflowSetting;
hangOnParent();
Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
const worker = await Worker.create({
  connection: await NativeConnection.connect({ address }),
  taskQueue: queue,
  workflowBundle: { codePath: bundle },
});
await worker.run();
