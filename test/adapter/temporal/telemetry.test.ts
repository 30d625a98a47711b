import { expect, test } from '@jest/globals';
import { DefaultLogger, type LogEntry } from '@temporalio/worker';
import { resumableActivity } from '../../../adapters/temporal/index.ts';
import { freePort } from '../../../scripts/free-port.ts';
import { externalSystem } from '../../support/external-system.ts';
import { temporalRig } from './rig.ts';

/** What the SDK's own logger and exporter get of an activity, in a process that has both. */

test('transitions are in the log as decisions are in the metrics, without paths or values', async () => {
  const lines: LogEntry[] = [];
  const bindAddress = `127.0.0.1:${await freePort()}`;
  const rig = await temporalRig('temporal', {
    logger: new DefaultLogger('INFO', (line) => void lines.push(line)),
    telemetryOptions: { metrics: { prometheus: { bindAddress } } },
  });

  try {
    const system = externalSystem();
    system.succeed();
    const activities = { transcode: resumableActivity(system.job()) };
    const { workflowId } = await rig.withWorker({ activities }, async ({ start }) => {
      const handle = await start('steps', {
        activity: 'transcode',
        args: ['clip-of-a-secret'],
        options: { heartbeatTimeout: '1 minute' },
      });
      await handle.result();
      return handle;
    });

    const ours = lines.filter(({ message }) => message.startsWith('mooring: '));
    expect(ours.map(({ message }) => message)).toContain('mooring: the external ID is recorded');
    for (const { meta } of ours) expect(meta).toMatchObject({ workflowId, activityType: 'transcode', attempt: 1 });
    const metrics = await (await fetch(`http://${bindAddress}/metrics`)).text();
    const counted = metrics.split('\n').filter((line) => line.includes('mooring_decisions') && !line.startsWith('#'));
    expect(counted).toHaveLength(1);
    expect(counted[0]).toMatch(/decision="submitted".* 1$/);
    expect(counted[0]).not.toMatch(new RegExp(`secret|${workflowId}`));
  } finally {
    await rig.stop();
  }
});
