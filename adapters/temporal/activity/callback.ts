import type { Info } from '@temporalio/activity';
import { ConfigError } from '../../../src/adapter-kit.ts';

/**
 * The text that a webhook brings back: the IDs of the activity, which no retry changes. A task token would die with its attempt.
 * Not a secret, and not signed: whoever may complete activities checks the webhook itself.
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
export function activityBehind(token: string): Required<ActivityAddress> {
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
