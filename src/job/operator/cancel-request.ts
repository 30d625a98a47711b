import { requireCall, type CallOptions } from '../../async/deadline.ts';
import { ConfigError } from '../../model/errors/store.ts';
import { pathScope, scopePath } from '../../format/path.ts';
import { taskScope } from '../../model/check-scope.ts';
import type { TaskScope } from '../../model/scope.ts';
import { coreOf } from '../../state-store/internals.ts';
import type { StateStore } from '../../state-store/state-store.ts';

/** In place of the reason of a request that was taken back: the metastore keeps a text, and a reason is never empty. */
const NOBODY_ASKS = '';
/** Of the reason that a person gives. */
const LONGEST_REASON = 1_000;

/**
 * Notes that somebody asked for the cancellation of a runtime's job: its next attempt hears of it when it begins to use state
 * (`onCancelRequest` of `beginAttempt()`). Kept for 30 days. Without a reason it takes such a request back: the job has ended as it was
 * asked to, and may run again.
 *
 * @param request - `jobId` as `beginAttempt()` was given it; `reason`: at most 1,000 characters.
 * @throws {@link ConfigError} {@link StoreUnavailableError}
 */
export async function requestCancellation(
  store: StateStore,
  scope: TaskScope,
  { jobId, reason }: { jobId: string; reason: string | undefined },
  call: CallOptions = {},
): Promise<void> {
  requireCall(call);
  for (const [option, text] of Object.entries({ jobId, reason: reason ?? 'none' })) {
    if (typeof text !== 'string' || text === '' || text.length > LONGEST_REASON) {
      throw new ConfigError(option, `must be a text of 1 to ${LONGEST_REASON} characters`, text);
    }
  }
  const core = coreOf(store);
  const checked = taskScope(scope);
  const path = scopePath(checked);
  const address = pathScope(path) === undefined ? { path, recorded: JSON.stringify(checked) } : { path };
  await core.track(() => core.metastore.requestCancel(address, { job: jobId, reason: reason ?? NOBODY_ASKS }, call));
}
