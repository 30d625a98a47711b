/**
 * A Temporal workflow, started once from a job elsewhere.
 *
 * - A repeated workflow ID: refused while it runs, and with REJECT_DUPLICATE after its end too, until the namespace's retention is over.
 * - Words: RUNNING, CONTINUED_AS_NEW, PAUSED; COMPLETED; FAILED, TIMED_OUT; CANCELLED, TERMINATED.
 * - Trap: `workflowIdConflictPolicy: 'USE_EXISTING'` looks like a key. After the end, it starts a second run.
 * - Trap: the retention counts from the end, and is one day on a dev server. Set the two lengths of time to yours.
 * - Trap: the list of workflows lags by a second; `describe` does not.
 *
 * Run: Temporal CLI 1.5.1, SDK 1.24.0 on 2026-12-01: docs/certificates/temporal.md.
 */
import { Client, Connection, WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import { AlreadySubmittedError, externalJob, jobStatus, submitRequest } from 'mooring';

const RETENTION = '1d';
const connection = Connection.lazy({ address: process.env['TEMPORAL_ADDRESS'] ?? '127.0.0.1:7233' });
const { workflow } = new Client({ connection });

const word = jobStatus({
  active: ['RUNNING', 'CONTINUED_AS_NEW', 'PAUSED'],
  succeeded: ['COMPLETED'],
  failed: ['FAILED', 'TIMED_OUT'],
  cancelled: ['CANCELLED', 'TERMINATED'],
  missing: ['none'],
});

async function statusOf(workflowId: string): Promise<string> {
  try {
    return (await workflow.getHandle(workflowId).describe()).status.name;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'none';
    throw error;
  }
}

export const orderWorkflow = externalJob({
  name: 'order-workflow',
  async submit(order: { order: string }, { idempotencyKey: workflowId }) {
    const options = { workflowId, taskQueue: 'orders', args: [order], workflowIdReusePolicy: 'REJECT_DUPLICATE' } as const;
    try {
      await submitRequest(() => workflow.start('processOrder', options));
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) throw new AlreadySubmittedError(workflowId);
      throw error;
    }
    return workflowId;
  },
  idempotentFor: { afterEnd: RETENTION },
  find: async (workflowId) => ((await statusOf(workflowId)) === 'none' ? undefined : workflowId),
  findLag: 0,
  findableFor: { afterEnd: RETENTION },
  getStatus: async (workflowId) => word(await statusOf(workflowId)),
  remembersFor: RETENTION,
  getResult: async (workflowId) => (await workflow.getHandle(workflowId).result()) as string,
  async cancel(workflowId) {
    await workflow.getHandle(workflowId).cancel();
  },
});
