import type { JsonValue } from '../model/storable.ts';

/** What the functions of an external job are told in addition to their first argument. */

/** The second argument of every call of an external system. */
export interface CallContext {
  /** Aborts at the call's timeout, or when the attempt ends. */
  signal: AbortSignal;
}

/** The submission that a call is about. */
export interface Submission {
  /** 40 lower-case letters and digits, the first a letter: the same whenever this submission is repeated. */
  idempotencyKey: string;
  /** From 1; a failed external job is submitted again as the next. */
  submission: number;
}

/** The context of `submit`. Its signal aborts at the submit timeout only: stopping a submit half-way would make it ambiguous. */
export interface SubmitContext extends CallContext, Submission {
  /** The text that a webhook of the external system must bring back. */
  callbackToken: string;
  /**
   * The failed job that this submission follows, for external systems that can repair or resume it. `undefined` for a first
   * submission, and after one that did not fail.
   */
  previous: PreviousJob | undefined;
}

/** An external job that failed. */
export interface PreviousJob {
  externalId: JsonValue;
  /** What the external system said. */
  reason: string;
  submission: number;
}

/** The context of `find`, `getStatus` and `getResult`. */
export interface JobContext<Input> extends CallContext, Submission {
  /** The task's input of this attempt. */
  input: Input;
  /** When a request with this key may first have been sent, by the clock of the metastore: the job is not older. */
  submittedAt: Date;
}

/** Why `cancel` is called. */
export type CancelJobReason = 'requested' | 'input-changed' | 'gave-up';

/** The context of `cancel`. Whoever cancels a job from outside its task does not know its input. */
export interface CancelContext<Input> extends Omit<JobContext<Input>, 'input'> {
  reason: CancelJobReason;
  input: Input | undefined;
}

/**
 * What `find` returns if it cannot know whether the job exists. Its memory may have lost the job, or a part of the system did not
 * answer. An empty answer would allow a second submit.
 */
export const cannotKnow: unique symbol = Symbol.for('mooring.cannot-know');

/** A job as people are shown it. */
export interface JobDescription {
  /** At most 200 characters; longer ones are cut. */
  title?: string;
  /** Where the external system shows the job to people: an address that begins with `http:` or `https:`. A name and a password in it are left out. */
  url?: string;
  /**
   * What the external system charges while the job runs, so that people see what was not paid twice. `currency` has three capital
   * letters, as in ISO 4217.
   */
  costPerHour?: { amount: number; currency: string };
}
