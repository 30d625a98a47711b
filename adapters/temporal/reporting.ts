import type { Context } from '@temporalio/activity';
import type { Logger } from '../../src/index.ts';

/**
 * What people see of an attempt in Temporal's own logs and metrics. It is for looking at: a failure to report is never a failure
 * of the activity. Tags hold no path and no value.
 */

/** Writes an attempt's lines to the activity's log, which adds whose they are, and counts its decisions. */
export function activityLogger(context: Context): Logger {
  const say =
    (level: keyof Logger) =>
    (fields: object, message: string): void =>
      context.log[level](`mooring: ${message}`, { ...fields });
  const count = counterOf(context);
  return {
    debug: say('debug'),
    info(fields, message) {
      if ('decision' in fields) count('mooring_decisions', { decision: String(fields.decision) });
      say('info')(fields, message);
    },
    warn: say('warn'),
    error: say('error'),
  };
}

/** Counts one of a kind. */
export function counterOf({ metricMeter }: Context): (name: string, tags: Record<string, string>) => void {
  return (name, tags) => {
    try {
      metricMeter.createCounter(name, '1', DESCRIPTIONS[name] ?? '').add(1, tags);
    } catch {
      // There is nobody left to tell.
    }
  };
}

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  mooring_decisions: 'What runs of external jobs did, or found',
  mooring_failures: 'Errors of this library that ended an attempt, by code',
  mooring_releases: 'Attempts that gave their slot back while they waited, by way of waiting',
};
