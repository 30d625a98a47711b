/** The worker of the drill of Temporal. TEMPORAL_ADDRESS. */
import { fileURLToPath } from 'node:url';
import { NativeConnection, Worker } from '@temporalio/worker';

const connection = await NativeConnection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? '127.0.0.1:7233' });
const workflowsPath = fileURLToPath(new URL('orders-workflow.ts', import.meta.url));
const worker = await Worker.create({ connection, taskQueue: 'orders', workflowsPath });
await worker.run();
