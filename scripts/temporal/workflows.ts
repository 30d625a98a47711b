/** The workflow of the crash tests and the demo: one activity, noticed as dead within some two seconds. */
import { proxyActivities } from '@temporalio/workflow';
import { resumableOptions } from 'mooring/temporal/workflow';

/** Runs one activity, on another queue than its own where one is given, and returns its result. */
export async function oneActivity(activity: string, input: unknown, taskQueue?: string): Promise<unknown> {
  const all = proxyActivities<Record<string, (input: unknown) => Promise<unknown>>>(
    resumableOptions('hold', {
      heartbeatTimeout: '1.5 seconds',
      ...(taskQueue !== undefined && { taskQueue }),
      retry: { initialInterval: '100 milliseconds', backoffCoefficient: 1 },
    }),
  );
  return all[activity]?.(input);
}
