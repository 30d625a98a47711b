import { wrongKind } from '../model/errors/store.ts';
import type { Check } from '../model/checks.ts';
import type { AnyJob, ExternalId, ExternalJob } from './external-job.ts';
import { jobOptions } from './options.ts';

/** How users make an external job, and how functions that take one check it. */

/**
 * Infers the types of an external job from a literal (write `submit` first), and checks it.
 *
 * @throws {@link ConfigError} {@link InvalidKeyError} for an invalid option, and for two that contradict each other.
 */
export function externalJob<Input, Id extends ExternalId, Result = undefined>(
  job: ExternalJob<Input, Id, Result>,
): ExternalJob<Input, Id, Result> {
  jobOptions(job);
  return job;
}

/**
 * Checks what an option must be: an external job.
 *
 * @throws {@link ConfigError} {@link InvalidKeyError}
 */
export const requireExternalJob: Check = (job, option) => {
  if (typeof (job as Partial<AnyJob> | null | undefined)?.submit !== 'function') {
    throw wrongKind(option, 'must be an external job: see externalJob()', job);
  }
  jobOptions(job as AnyJob);
};
