/** What the timeline hears of an activity. */
import { activityInfo } from '@temporalio/activity';
import type { WorkerMessage } from './messages.ts';

/** The same activity, watched. */
export function watched<Input, Result>(
  tell: (message: WorkerMessage) => void,
  activity: (input: Input) => Promise<Result>,
): (input: Input) => Promise<Result> {
  return async (input) => {
    tell({ type: 'took', attempt: activityInfo().attempt });
    const result = await activity(input);
    tell({ type: 'completed' });
    return result;
  };
}
