/** A BullMQ worker of the crash tests. */
import * as bullmq from 'bullmq';
import { cancelAt, workAt } from '../../drill/worker/bullmq.ts';
import { serve } from '../../drill/worker/serve.ts';
import { echo } from './echo.ts';
import type { EchoWork, Setting } from './messages.ts';
import { connect, openStore } from './stores.ts';

const { redisPort, batchUrl } = JSON.parse(process.argv[2] ?? '{}') as Setting;

/** So long after its last sign of life a worker is taken for dead, in milliseconds. */
const LOCK = 1_500;

await serve<EchoWork>(async () => {
  const connection = connect(redisPort);
  await connection.ping();
  return {
    open: (work, onEvent) => openStore(connection, work, onEvent),
    work: async ({ queue, releases, extra }, store) =>
      workAt(bullmq, { connection, queue }, { job: echo(batchUrl, extra), store, releases, lockDuration: LOCK }),
    cancel: (queue, id, store) => cancelAt(bullmq, { connection, queue }, { id, store }),
  };
});
