import type { Gap } from '../../src/job/protocol/crash-point.ts';

/** What the harness and its worker processes say to each other. */

/** What a worker does when an attempt of it first reaches a gap: it dies, begins to close, or waits until it is told to go on. */
export interface GapStop {
  gap: Gap;
  how: 'die' | 'close' | 'wait';
  /** So many milliseconds after the gap was reached. */
  after?: number;
}

/** A worker is to work at a queue. */
export interface WorkOrder<Extra = unknown> {
  type: 'work';
  queue: string;
  at?: GapStop;
  /** Whether it releases what waits. */
  releases?: boolean;
  /** What the workers of one kind of harness are told in addition. */
  extra: Extra;
}

/** What a worker is told. */
export type Order<Extra = unknown> =
  | WorkOrder<Extra>
  | { type: 'go-on' }
  | { type: 'stop' }
  | { type: 'cancel'; queue: string; id: string };

/** A job of the external system, and the submit that made it. */
export interface TracedJob {
  externalId: unknown;
  idempotencyKey: string;
  submission: number;
  /** When the request was sent, in milliseconds since the epoch. */
  submittedAt: number;
}

/** What a worker tells. */
export type WorkerMessage =
  | { type: 'ready' | 'reached' | 'stopped' | 'cancelled' }
  | { type: 'decision'; decision: string; attempt: number }
  | { type: 'submit'; idempotencyKey: string }
  | { type: 'submitted'; took: number }
  | ({ type: 'external-id' } & TracedJob);

/** Why the harness cancels a job. BullMQ keeps the text of an error alone, so it is known by this. */
export const CANCEL_REASON = 'nobody wants it any more';
