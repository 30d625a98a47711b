import { ApplicationFailure, type Info } from '@temporalio/activity';
import { ConfigError, requireKnownNames } from '../../../src/adapter-kit.ts';

/**
 * Completing an activity that waits with `{ mode: 'async' }`, by a text that a webhook brings back: the IDs of the activity, which no retry
 * changes. A task token would die with its attempt. Not a secret, and not signed: whoever may complete activities checks the webhook itself.
 */

/** Whose activity it is. */
export type ActivityAddress = { workflowId: string; runId?: string; activityId: string };

/** Marks the form, so that a later one can be told apart. */
const FORM = 'ma1.';

/** The callback token of an activity; its ID alone where it has no workflow, which nobody can complete by. */
export function callbackToken({ workflowExecution, activityId }: Info): string {
  const address = workflowExecution && [workflowExecution.workflowId, workflowExecution.runId, activityId];
  return FORM + Buffer.from(JSON.stringify(address ?? [activityId])).toString('base64url');
}

/**
 * The activity behind a callback token.
 *
 * @throws {@link ConfigError} for a text that is none.
 */
function activityBehind(token: string): Required<ActivityAddress> {
  try {
    const text = Buffer.from(token.slice(FORM.length), 'base64url').toString('utf8');
    const [workflowId = '', runId = '', activityId = '', ...others] = JSON.parse(text) as string[];
    const sound = [workflowId, runId, activityId].every((part) => typeof part === 'string' && part !== '');
    if (token.startsWith(FORM) && sound && others.length === 0) return { workflowId, runId, activityId };
  } catch {
    // It is none.
  }
  throw new ConfigError('callbackToken', 'must be the callbackToken that submit was given in an activity of a workflow');
}

/** The part of `client.activity` of `@temporalio/client` that is called. */
export interface CompletionClient {
  /** Completes an activity by its IDs. */
  complete(id: ActivityAddress, result: unknown): Promise<void>;
  /** Fails an activity by its IDs. */
  fail(id: ActivityAddress, error: unknown): Promise<void>;
}

/** The type of the failure that `completeActivity` reports: not retryable, since the external job itself has failed. */
const JOB_FAILED = 'mooring.external-job-failed';

/**
 * Completes the activity behind a callback token, from a webhook.
 *
 * @returns false where it was over already: another call came first, or an attempt that looked by itself.
 * @throws {@link ConfigError} for a token or an outcome that is none; whatever the client throws else.
 */
export async function completeActivity(
  client: CompletionClient,
  callbackToken: string,
  outcome: { result: unknown } | { failure: string },
): Promise<boolean> {
  const address = activityBehind(callbackToken);
  requireKnownNames('outcome', outcome, { result: true, failure: true });
  const fails = 'failure' in outcome;
  if (fails === 'result' in outcome || (fails && typeof outcome.failure !== 'string')) {
    throw new ConfigError('outcome', 'must have a result, or a failure that is a text');
  }
  try {
    if (fails) await client.fail(address, ApplicationFailure.nonRetryable(outcome.failure, JOB_FAILED));
    else await client.complete(address, outcome.result);
    return true;
  } catch (error) {
    // By its name: the client may be of another copy of the package.
    if (error instanceof Error && error.name === 'ActivityNotFoundError') return false;
    throw error;
  }
}
