/** The drill of the Temporal example. TEMPORAL_ADDRESS: a server at which `scripts/systems/worker-orders.ts` works. */
import { Client, Connection } from '@temporalio/client';
import { defineDrill } from 'mooring/drill';
import { orderWorkflow } from '../../examples/external-systems/temporal.ts';

const connection = Connection.lazy({ address: process.env['TEMPORAL_ADDRESS'] ?? '' });
const { workflow } = new Client({ connection });

export default defineDrill({
  about: 'a Temporal workflow: server 1.29.1, SDK 1.24.0',
  job: orderWorkflow,
  input: ({ name }) => ({ order: name }),
  // Runs, not workflow IDs: a second run under a known ID would be a double.
  async count({ idempotencyKeys }) {
    let runs = 0;
    for (const key of idempotencyKeys) runs += (await workflow.count(`WorkflowId = '${key}'`)).count;
    return runs;
  },
  isResult: (result, { name }) => result === `${name} is on its way`,
  // The list of workflows lags.
  settle: '3s',
});
