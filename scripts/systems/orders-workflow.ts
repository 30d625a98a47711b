/** The workflow of the drill of Temporal. */
import { sleep } from '@temporalio/workflow';

export async function processOrder({ order }: { order: string }): Promise<string> {
  await sleep('2s');
  return `${order} is on its way`;
}
