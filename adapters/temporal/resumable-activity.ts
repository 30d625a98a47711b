import { ConfigError, externalJob, requireKnownNames, type ExternalId, type ExternalJob } from '../../src/index.ts';
import type { ActivityRunOptions } from './activity-context.ts';
import { taskContext } from './running.ts';
import { checkScope, type ActivityScope } from './scope.ts';
import { checkWait } from './waiting.ts';

/** Options of `resumableActivity()`. */
export interface ResumableActivityOptions extends ActivityRunOptions {
  /**
   * Whose state the activity uses.
   * @defaultValue `'activity'`
   */
  scope?: ActivityScope;
}

/**
 * An activity that runs one external job with its argument as the input: `taskContext(scope).run(job, input, { wait })`.
 *
 * @throws {@link ConfigError} for a job or an option that cannot be meant.
 */
export function resumableActivity<Input, Id extends ExternalId, Result>(
  job: ExternalJob<Input, Id, Result>,
  options: ResumableActivityOptions = {},
): (input: Input) => Promise<Result> {
  if (typeof (job as Partial<typeof job> | undefined)?.submit !== 'function') {
    throw new ConfigError('job', 'must be an external job: see externalJob()', job);
  }
  externalJob(job);
  requireKnownNames('options', options, { scope: true, wait: true, signal: true });
  const { scope = 'activity', ...run } = options;
  checkScope(scope);
  if (run.wait !== undefined) checkWait(run.wait);
  return (input) => taskContext(scope).run(job, input, run);
}
