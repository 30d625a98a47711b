/** Temporal, for the demo. */
import { Client, Connection } from '@temporalio/client';
import type { Cleanup } from '../interrupt.ts';
import { bundleWorkflows } from '../temporal/bundle.ts';
import { startTemporal } from '../temporal/server.ts';
import type { Digest } from './messages.ts';
import type { DemoRuntime } from './runtime.ts';

/** Temporal with a server of its own. */
export async function temporalRuntime(folder: string, name: string, cleanup: Cleanup): Promise<DemoRuntime> {
  const server = await startTemporal();
  cleanup.add(() => server.stop());
  const bundle = await bundleWorkflows(folder);
  const connection = await Connection.connect({ address: server.address });
  cleanup.add(() => connection.close());
  const client = new Client({ connection });
  return {
    name: 'temporal',
    workers: {
      mooring: new URL('temporal-worker.ts', import.meta.url),
      byHand: new URL('temporal-worker-by-hand.ts', import.meta.url),
    },
    setting: { temporal: { address: server.address, bundle } },
    async start(input) {
      const handle = await client.workflow.start('oneActivity', {
        taskQueue: name,
        workflowId: 'digest-1',
        args: ['digest', input],
      });
      return {
        started: `started the workflow ${handle.workflowId}`,
        result: handle.result().then(
          (result: unknown) => result as Digest,
          () => undefined,
        ),
        async attempts() {
          const { events } = await handle.fetchHistory();
          const started = events?.flatMap(({ activityTaskStartedEventAttributes: one }) => (one ? [one.attempt ?? 0] : []));
          return Math.max(0, ...(started ?? []));
        },
      };
    },
  };
}
