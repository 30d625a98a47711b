/** Temporal, for the crash harness. */
import { CancelledFailure, Client, Connection, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { Redis } from 'ioredis';
import type { Cleanup } from '../interrupt.ts';
import { startWorkerProcess } from '../../drill/harness/processes.ts';
import type { JobEnd } from '../../drill/harness/runtime.ts';
import { outcomeWithin } from '../../drill/harness/outcome-within.ts';
import { builtWorker } from '../build.ts';
import { bundleWorkflows } from '../temporal/bundle.ts';
import { startTemporal } from '../temporal/server.ts';
import type { WorkflowSetting } from './messages.ts';
import type { CrashRuntime } from './runtime.ts';

/** A day: every job of the harness is younger than its namespace then. */
const AGE = 24 * 3_600_000;
/** The task queue of the workflows; the activities of each cell have their own. */
const QUEUE = 'workflows';
const FAILED = 'mooring.ambiguous-submit';

/** Temporal with a server of its own. */
export async function temporalRuntime(directory: string, cleanup: Cleanup): Promise<CrashRuntime> {
  const server = await startTemporal();
  cleanup.add(() => server.stop());
  const workflows: WorkflowSetting = { address: server.address, bundle: await bundleWorkflows(directory), queue: QUEUE };
  const worker = startWorkerProcess(await builtWorker(new URL('workflow-worker.ts', import.meta.url)), {
    args: [JSON.stringify(workflows)],
    execArgv: [],
  });
  cleanup.add(() => worker.kill());
  const connection = await Connection.connect({ address: server.address });
  cleanup.add(() => connection.close());
  const client = new Client({ connection });
  return {
    name: 'temporal',
    worker: new URL('temporal-worker.ts', import.meta.url),
    setting: { temporal: { address: server.address } },
    // The attempt shortens the retention, and the worker completes the activity after that.
    completesBeforeG12: false,
    async start(queue, input) {
      const args = ['echo', input, queue];
      const handle = await client.workflow.start('oneActivity', { taskQueue: QUEUE, workflowId: queue, args });
      return {
        end: (ms, signal) => outcomeWithin(ms, exitOf(handle), signal),
        async cancel() {
          await handle.cancel();
        },
        close: () => Promise.resolve(),
      };
    },
    async aged(redisPort) {
      const redis = new Redis(redisPort, '127.0.0.1');
      try {
        // The server dates the jobs, so the namespace is made older instead.
        for (const key of await redis.keys('mooring:*:birth')) await redis.decrby(key, AGE);
      } finally {
        redis.disconnect();
      }
    },
  };
}

function exitOf(handle: WorkflowHandle): Promise<JobEnd> {
  return handle.result().then(
    (result: unknown): JobEnd => ({ completed: true, result, ambiguous: false, cancelled: false }),
    (error: unknown): JobEnd => {
      if (!(error instanceof WorkflowFailedError)) throw error;
      return {
        completed: false,
        result: undefined,
        ambiguous: hasType(error, FAILED),
        cancelled: error.cause instanceof CancelledFailure,
        reason: textOf(error),
      };
    },
  );
}

/** The text of the innermost cause. */
function textOf(error: Error): string {
  return error.cause instanceof Error ? textOf(error.cause) : error.message;
}

function hasType(error: unknown, type: string): boolean {
  if (!(error instanceof Error)) return false;
  return (error as { type?: unknown }).type === type || hasType(error.cause, type);
}
