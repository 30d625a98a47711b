import type { Context } from '@temporalio/activity';
import type { JsonValue } from '../../src/index.ts';

/**
 * Heartbeats of our own beside those of the user. The server keeps the details of the last one alone, so ours say again what the
 * user said last, in this attempt or in the one before.
 */

/** The heartbeats of one attempt. */
export interface Heartbeats {
  /** Says the user's details, which ours repeat from now on. */
  say(details: JsonValue): void;
  /** Says the last details again. */
  repeat(): void;
}

/** Listens to what the user's code says through Temporal's own `heartbeat()`, too. */
export function heartbeatsOf(context: Context): Heartbeats {
  let last: unknown = context.info.heartbeatDetails;
  const send = context.heartbeat;
  const say = (details: unknown): void => {
    last = details;
    send(details);
  };
  // There is no interceptor for heartbeats; a context is one execution's own.
  Object.defineProperty(context, 'heartbeat', { value: say, configurable: true, enumerable: true, writable: false });
  return { say, repeat: () => send(last) };
}
