import { subscribe, channel, unsubscribe } from 'node:diagnostics_channel';
import { runName } from '../attempt/scope.ts';
import type { LiveCall } from './heartbeat.ts';

/**
 * Callbacks that come to the process whose worker holds the job: its attempt hears of them at once. Whoever tells and whoever
 * listens share nothing but the process, so they meet at a channel of Node, also if they loaded two copies of this library.
 */

const NAME = 'mooring:bullmq:callback';

/** A callback that came to this process. */
export interface Arrival {
  /** The queue, with its prefix. */
  readonly queue: string;
  /** The run name of the job. */
  readonly job: string;
  /** What identifies the note of it, if there is one. */
  readonly noted: string | undefined;
}

/** Tells the attempts of this process. Returns whether one of them works on the job. */
export function announce(arrival: Arrival): boolean {
  const told = { ...arrival, heard: false };
  channel(NAME).publish(told);
  return told.heard;
}

/** Listens for some calls of processors, until the returned function is called. */
export function listen(live: ReadonlySet<LiveCall>): () => void {
  const hear = (message: unknown): void => {
    const told = message as Arrival & { heard: boolean };
    for (const call of live) {
      if (call.job.queueQualifiedName !== told.queue || runName(call.job) !== told.job) continue;
      told.heard = true;
      call.callback(told.noted);
    }
  };
  subscribe(NAME, hear);
  return () => void unsubscribe(NAME, hear);
}
