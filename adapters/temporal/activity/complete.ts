import { ApplicationFailure } from '@temporalio/activity';
import { ConfigError, requireKnownNames } from '../../../src/adapter-kit.ts';
import { activityBehind, type ActivityAddress } from './callback.ts';

/** Completing an activity that waits with `{ mode: 'async' }`. */

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
