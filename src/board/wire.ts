import type { TaskScope } from '../model/scope.ts';

/** What the board's server and its page say to each other. Times are milliseconds since the epoch, by the metastore's clock. */

/** States of records that the board shows. */
export type BoardState = 'submitting' | 'submitted' | 'ambiguous' | 'failed';

/** How far a job is. */
export interface BoardProgress {
  /** From 0 to 1; absent if it cannot be drawn as a bar. */
  share?: number;
  text: string;
}

/** One record in a table. */
export interface BoardRow {
  /** The same for as long as the record exists. */
  id: string;
  scope: TaskScope;
  key: string;
  version: string;
  /** The title, the name or the task. */
  title: string;
  /** Its queue and job, or its workflow and activity. */
  place: string;
  state: BoardState;
  submission: number;
  since: number;
  deadline?: number;
  /** Of a submission that is not resolved: what to look for in the external system. */
  idempotencyKey?: string;
  externalId?: string;
  url?: string;
  reason?: string;
  holder?: string;
  progress?: BoardProgress;
  /** What the external system said last. */
  status?: { at: number; state: string; detail?: string };
}

/** An external job that runs and that no record holds. */
export interface BoardOrphan {
  id: string;
  scope: TaskScope;
  key: string;
  place: string;
  externalId: string;
  since: number;
}

/** What was not run twice on one day. */
export interface BoardDay {
  day: string;
  reconnects: number;
  hours: number;
  costs: Readonly<Record<string, number>>;
}

/** Events of the stream, by name. */
export interface BoardEvents {
  /** What the page may do. */
  hello: { allowChanges: boolean; showValues: boolean };
  /** `all`: what was known before is gone. */
  rows: { all?: true; put: readonly BoardRow[]; drop: readonly string[] };
  orphans: { all: readonly BoardOrphan[] };
  savings: { days: readonly BoardDay[] };
  /** The picture is complete as of `at`, and it is `now`. `more` records are not shown. */
  looked: { at: number; now: number; more: number };
  /** The store cannot be read; the last picture stays. */
  trouble: { code: string; message: string };
}

/** One record, for the page of one job. */
export interface BoardDetail {
  row: BoardRow | undefined;
  now: number;
  job?: string;
  idempotencyKey?: string;
  previous: readonly { submission: number; externalId?: string }[];
  history: readonly { at: number; kind: string; submission: number; attempt?: number }[];
  poll?: { at: number; state: string; detail?: string; progress?: string; count: number; next?: number };
  costPerHour?: { amount: number; currency: string };
  values: readonly BoardValue[];
  /** Whether there are more values than these. */
  moreValues: boolean;
}

/** What is known of a value without reading it. */
export interface BoardValue {
  key: string;
  size: number;
  offloaded: boolean;
  updatedAt: number;
  expiresAt?: number;
}

/** The beginning of a value, because somebody asked for it. */
export interface BoardPreview {
  text: string;
  binary: boolean;
  /** Whether there is more. */
  cut: boolean;
}

/** A refusal or a failure. */
export interface BoardError {
  error: { code: string; message: string };
}
