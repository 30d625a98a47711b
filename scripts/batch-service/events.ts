/** What the service tells its parent: one line of JSON for each event, on standard output. */
import type { Status } from './job.ts';

/** One event. `name` is whose job it is. */
export type BatchEvent =
  | { event: 'listening'; port: number }
  | { event: 'accepted' | 'recognised'; id: string; name: string }
  | { event: 'started'; id: string; name: string; pid: number }
  | { event: 'progress'; id: string; name: string; progress: number }
  | { event: 'ended'; id: string; name: string; state: Status['state'] }
  | { event: 'held'; what: 'request' | 'reply'; name: string };

/** Tells of an event. */
export type Emit = (event: BatchEvent) => void;
