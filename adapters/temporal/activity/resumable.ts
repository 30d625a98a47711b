import { requireExternalJob, requireKnownNames, type ExternalId, type ExternalJob } from '../../../src/adapter-kit.ts';
import type { ActivityRunOptions } from './context.ts';
import { currentRun, type StoreChoice } from './running.ts';
import { checkScope, type ActivityScope } from './scope.ts';
import { checkWait } from './waiting.ts';

/** Options of `resumableActivity()`. */
export interface ResumableActivityOptions<Input = never> extends ActivityRunOptions, StoreChoice {
  /**
   * The scope of the activity's state, or a function that returns it for an input.
   * @defaultValue `'activity'`
   */
  scope?: ActivityScope | ((input: Input) => ActivityScope);
}

/**
 * An activity that runs one external job with its argument as the input: `taskContext(scope).run(job, input, { wait })`.
 *
 * @throws {@link ConfigError} for an invalid job or option.
 */
export function resumableActivity<Input, Id extends ExternalId, Result>(
  job: ExternalJob<Input, Id, Result>,
  options: ResumableActivityOptions<Input> = {},
): (input: Input) => Promise<Result> {
  requireExternalJob(job, 'job');
  requireKnownNames('options', options, { scope: true, wait: true, signal: true, store: true });
  const { scope = 'activity', store, ...run } = options;
  if (typeof scope !== 'function') checkScope(scope);
  if (run.wait !== undefined) checkWait(run.wait, 'wait');
  return (input) => {
    const { context } = currentRun('resumableActivity()').attempt(typeof scope === 'function' ? scope(input) : scope, store);
    return context.run(job, input, run);
  };
}
