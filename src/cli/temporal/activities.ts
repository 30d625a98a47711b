import type { CallOptions } from '../../async/deadline.ts';

/** What the command asks Temporal, so that a test can do without one. */

/** Which activity. */
export interface ActivityName {
  readonly namespace: string;
  readonly workflow: string;
  readonly run: string;
  readonly activity: string;
}

/** A connection to Temporal. Every call ends within 10 seconds. */
export interface RuntimeActivities {
  /** Why no attempt of the activity comes any more; `undefined` while one runs or is to come. */
  end(activity: ActivityName, call: CallOptions): Promise<string | undefined>;
  close(): Promise<void>;
}
