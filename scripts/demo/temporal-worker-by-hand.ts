/**
 * A worker of `npm run demo -- --runtime temporal --without`: the activity that people write by hand today. It keeps the ID of the
 * external job in the heartbeat's details, and looks there first. Between the submit and the heartbeat, and until the server has heard
 * that, there is a moment in which the ID exists nowhere else.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { activityInfo, heartbeat } from '@temporalio/activity';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { batchClient } from '../batch-service/client.ts';
import { hangOnParent } from '../../drill/harness/processes.ts';
import type { Gap } from '../../src/job/protocol/crash-point.ts';
import { die } from '../kill.ts';
import { digestCommand, type Digest, type DigestInput, type WorkerMessage, type WorkerSetting } from './messages.ts';
import { watched } from './temporal-watch.ts';

const setting = JSON.parse(process.argv[2] ?? '{}') as WorkerSetting;
const tell = hangOnParent<WorkerMessage>();
if (!setting.temporal) throw new Error('a worker of Temporal needs its address');
Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
const batch = batchClient(setting.batchUrl, 'plain');
const at = (gap: Gap): void => {
  if (gap === setting.killAt) die();
};

async function digest(input: DigestInput): Promise<Digest> {
  at('G1');
  let externalId = activityInfo().heartbeatDetails as string | undefined;
  at('G2');
  if (externalId === undefined) {
    tell({ type: 'decision', decision: 'submitted' });
    at('G3');
    externalId = await batch.submit({ name: input.name, command: digestCommand(input) });
    at('G6');
    heartbeat(externalId);
    at('G7');
  } else {
    tell({ type: 'decision', decision: 'reconnected' });
  }
  at('G8');
  tell({ type: 'polls', id: externalId });
  for (;;) {
    const status = await batch.status(externalId);
    if (status?.state === 'succeeded') break;
    if (status?.state !== 'queued' && status?.state !== 'running') throw new Error(`the batch job ended: ${status?.reason}`);
    heartbeat(externalId);
    await sleep(200);
  }
  at('G10');
  const result = JSON.parse(await batch.output(externalId)) as Digest;
  at('G11');
  at('G12');
  return result;
}

const worker = await Worker.create({
  connection: await NativeConnection.connect({ address: setting.temporal.address }),
  taskQueue: setting.queue,
  workflowBundle: { codePath: setting.temporal.bundle },
  activities: { digest: watched(tell, digest) },
});
tell({ type: 'ready' });
await worker.run();
