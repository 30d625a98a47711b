import type { AnyJob } from '../../src/job/external-job.ts';
import type { Tell } from './serve.ts';

/**
 * The external job as it is, which also tells with which keys it was submitted, and under which IDs the external system has it.
 * A key is on its way to the harness before `submit` is called, so that it is known even if this process dies at once.
 */
export function watched(job: AnyJob, tell: Tell): AnyJob {
  const submit: AnyJob['submit'] = async (input, context) => {
    await tell({ type: 'submit', idempotencyKey: context.idempotencyKey });
    const began = performance.now();
    const externalId = await job.submit(input, context);
    void tell({ type: 'submitted', took: Math.round(performance.now() - began) });
    void tell({ type: 'external-id', externalId });
    return externalId;
  };
  const find: AnyJob['find'] = async (key, context) => {
    const externalId = await job.find?.(key, context);
    if (externalId !== undefined && externalId !== null) void tell({ type: 'external-id', externalId });
    return externalId;
  };
  // What it inherits stays as it is: a definition may be an instance of a class.
  const own = { submit: { value: submit }, ...(job.find && { find: { value: find } }) };
  return Object.create(job, own) as AnyJob;
}
