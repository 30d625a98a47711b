import { ApplicationFailure, type Info } from '@temporalio/activity';
import { ConfigError, requireKnownNames } from '../../../src/adapter-kit.ts';

/**
 * Completes an activity that waits with `{ mode: 'async' }`, by a text that a webhook brings back. The text holds the IDs of the
 * activity, which no retry changes; a task token would end with its attempt. It is not a secret and not signed: the code that
 * completes activities must check the webhook itself.
 */

/** Whose activity it is. */
export type ActivityAddress = { workflowId: string; runId?: string; activityId: string };

/** Marks the form, so that later forms can be told apart. */
const FORM = 'ma1.';

/** The callback token of an activity; only its ID if it has no workflow, by which nobody can complete it. */
export function callbackToken({ workflowExecution, activityId }: Info): string {
  const address = workflowExecution && [workflowExecution.workflowId, workflowExecution.runId, activityId];
  return FORM + Buffer.from(JSON.stringify(address ?? [activityId])).toString('base64url');
}

/**
 * The activity behind a callback token.
 *
 * @throws {@link ConfigError} for an invalid callback token.
 */
function activityBehind(token: string): Required<ActivityAddress> {
  try {
    const text = Buffer.from(token.slice(FORM.length), 'base64url').toString('utf8');
    const [workflowId = '', runId = '', activityId = '', ...others] = JSON.parse(text) as string[];
    const sound = [workflowId, runId, activityId].every((part) => typeof part === 'string' && part !== '');
    if (token.startsWith(FORM) && sound && others.length === 0) return { workflowId, runId, activityId };
  } catch {
    // The text is not a callback token.
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
 * @returns false if the activity was over already: another call came first, or an attempt polled by itself.
 * @throws {@link ConfigError} for an invalid token or outcome; any other error of the client.
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
    // Recognized by its name: the client may come from another copy of the package.
    if (error instanceof Error && error.name === 'ActivityNotFoundError') return false;
    throw error;
  }
}
