import { cannotKnow } from '../../src/job/call-context.ts';
import type { AnyJob } from '../../src/job/external-job.ts';
import type { Tell } from './serve.ts';

/**
 * The external job as it is, which also tells with which keys it was submitted, and under which IDs the external system has it.
 * A key is on its way to the harness before `submit` is called, so that it is known even if this process dies at once.
 */
export function watched(job: AnyJob, tell: Tell): AnyJob {
  const submit: AnyJob['submit'] = async (input, context) => {
    const { idempotencyKey, submission } = context;
    await tell({ type: 'submit', idempotencyKey });
    const submittedAt = Date.now();
    const externalId = await job.submit(input, context);
    void tell({ type: 'submitted', took: Date.now() - submittedAt });
    void tell({ type: 'external-id', externalId, idempotencyKey, submission, submittedAt });
    return externalId;
  };
  const find: AnyJob['find'] = async (idempotencyKey, context) => {
    const externalId = await job.find?.(idempotencyKey, context);
    if (externalId === undefined || externalId === null || externalId === cannotKnow) return externalId;
    const { submission, submittedAt } = context;
    void tell({ type: 'external-id', externalId, idempotencyKey, submission, submittedAt: submittedAt.getTime() });
    return externalId;
  };
  // What it inherits stays as it is: a definition may be an instance of a class.
  const own = { submit: { value: submit }, ...(job.find && { find: { value: find } }) };
  return Object.create(job, own) as AnyJob;
}
