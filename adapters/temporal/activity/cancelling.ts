import {
  AmbiguousSubmitError,
  cancelExternalJobs,
  ConfigError,
  externalJob,
  jobRecords,
  recordAddress,
} from '../../../src/adapter-kit.ts';
import { requireKnownNames, type ExternalId, type ExternalJob } from '../../../src/adapter-kit.ts';
import { currentRun, type StoreChoice } from './running.ts';
import { checkScope, type ActivityScope } from './scope.ts';

/**
 * Cancels external jobs from an activity of its own. A workflow needs it if it is cancelled while the submitting activity runs no
 * code: between two attempts, or while it waits for a webhook.
 */

/** A scope that several activities may have. */
type SharedScope = Exclude<ActivityScope, 'activity'>;

/** Options of `cancellingActivity()`. */
export interface CancellingActivityOptions extends StoreChoice {
  /**
   * The other external jobs of the scope and its items.
   * @defaultValue none
   */
  externalJobs?: readonly ExternalJob<never, ExternalId, unknown>[];
}

/**
 * An activity that cancels the external jobs of a scope, and of its items, that it shares with the activity which submits them.
 * It supersedes an attempt of that activity which is still alive, and waits for a submit that may be on its way. It does nothing
 * if no job is running.
 *
 * If it is given the input, the job's `find` looks for a submit whose reply was lost.
 *
 * @param scope - The scope, or a function that returns it for an input.
 * @throws {@link ConfigError} for a job without `cancel`, and for the scope `'activity'`, which activities cannot share. The
 * activity rejects with the failure of `cancel`. It rejects with `AmbiguousSubmitError` if a job may be running and nothing can
 * tell, and with `ConfigError` if an unknown job is running.
 */
export function cancellingActivity<Input, Id extends ExternalId, Result>(
  job: ExternalJob<Input, Id, Result>,
  scope: SharedScope | ((input: Input) => SharedScope),
  options: CancellingActivityOptions = {},
): (input?: Input) => Promise<void> {
  requireKnownNames('options', options, { store: true, externalJobs: true });
  const jobs: readonly ExternalJob<never, ExternalId, unknown>[] = [job, ...(options.externalJobs ?? [])];
  for (const one of jobs) {
    if (typeof one?.cancel !== 'function') throw new ConfigError('job', 'must be an external job that has cancel', one);
    externalJob(one);
  }
  if (typeof scope !== 'function') requireShared(scope);
  return async (input) => {
    const choice = requireShared(typeof scope === 'function' ? scope(input as Input) : scope);
    const { context, store } = currentRun('cancellingActivity()').attempt(choice, options.store);
    const { state, signal, scope: task } = context;
    // The first use of state takes the fence: from here on no older attempt opens a submission.
    await state.get('cancelled');
    const outcomes = await cancelExternalJobs(store, task, jobs, { signal, ...(input !== undefined && { input }) });
    // A failed `cancel` is thrown first, since another attempt may succeed.
    for (const { outcome, error } of outcomes) if (outcome === 'failed') throw error;
    for (const { outcome, scope: of, externalIdKey: key, externalId } of outcomes) {
      if (outcome === 'unknown-job') {
        throw new ConfigError(
          'externalJobs',
          `must name every external job of the scope: ${JSON.stringify(externalId)}, of ${key}, may go on`,
        );
      }
      const record = outcome === 'unresolved' && (await jobRecords(store).get(of, key, { signal }));
      const where = { scope: of, key };
      if (record) throw new AmbiguousSubmitError({ ...record, address: recordAddress(where) }, where);
    }
    signal.throwIfAborted();
  };
}

function requireShared(scope: ActivityScope): ActivityScope {
  checkScope(scope);
  if (scope !== 'activity') return scope;
  throw new ConfigError('scope', 'must be one that the submitting activity shares: { workflowRun: name } or { workflow: name }');
}
