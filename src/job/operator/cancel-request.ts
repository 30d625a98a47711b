import { requireCall, type CallOptions } from '../../async/deadline.ts';
import { shortText } from '../../model/checks.ts';
import { scopeAddress } from '../../metastore/metastore.ts';
import { taskScope } from '../../model/check-scope.ts';
import type { TaskScope } from '../../model/scope.ts';
import { internalsOf } from '../../state-store/internals.ts';
import type { StateStore } from '../../state-store/state-store.ts';

/** Stands for the reason of a withdrawn request: the metastore keeps a text, and a reason is never empty. */
const NOBODY_ASKS = '';
/** The most characters of a reason. */
const LONGEST_REASON = 1_000;

/**
 * Notes that somebody asked to cancel a runtime's job. Its next attempt hears of it when it begins to use state
 * (`onCancelRequest` of `beginAttempt()`). The request is kept for 30 days. Without a reason, an earlier request is withdrawn:
 * the job has ended as asked, and may run again.
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
  const sound = shortText(LONGEST_REASON);
  sound(jobId, 'jobId');
  if (reason !== undefined) sound(reason, 'reason');
  const core = internalsOf(store);
  const address = scopeAddress(taskScope(scope));
  await core.track(() => core.metastore.tasks.requestCancel(address, { job: jobId, reason: reason ?? NOBODY_ASKS }, call));
}
