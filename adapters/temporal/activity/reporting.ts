import { ApplicationFailure, CompleteAsyncError, type Context } from '@temporalio/activity';
import type { Logger } from '../../../src/adapter-kit.ts';
import { WAITING } from './errors.ts';

/**
 * The view of an attempt in Temporal's own logs and metrics. A failure to report is never a failure of the activity. Tags hold no
 * path and no value.
 */

/** Writes an attempt's lines to the activity's log, which names the activity, and counts its decisions. */
export function activityLogger(context: Context): Logger {
  const say =
    (level: keyof Logger) =>
    (fields: object, message: string): void => {
      // Counted also for a refusal that was logged before.
      if ('decision' in fields)
        count(context, 'decisions', 'What runs of external jobs did, or found', { decision: fields.decision });
      context.log[level](`mooring: ${message}`, { ...fields });
    };
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
}

/** Counts attempts that ended by an error of this library, or because they gave their slot back. */
export function countEnd(context: Context, failure: unknown): void {
  const { type } = failure instanceof ApplicationFailure ? failure : {};
  const released = failure instanceof CompleteAsyncError || type === WAITING;
  if (released) count(context, 'releases', 'Attempts that gave their slot back while they waited', {});
  else if (type?.startsWith('mooring.'))
    count(context, 'failures', 'Errors of this library that ended an attempt', { code: type });
}

function count({ metricMeter }: Context, name: string, description: string, tags: object): void {
  try {
    metricMeter.createCounter(`mooring_${name}`, '1', description).add(1, tags as Record<string, string>);
  } catch {
    // Nobody is left to tell.
  }
}
