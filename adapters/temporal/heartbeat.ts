import type { Context } from '@temporalio/activity';
import { InvalidValueError, type JsonValue } from '../../src/index.ts';

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

/**
 * Bytes of JSON. The server takes 2 MiB, and drops what is said before the next send. Below this, a storage driver of ours keeps details in
 * the message when its object store is down: an error there would end the whole worker, beyond the reach of any activity.
 */
const LARGEST_DETAILS = 1_048_576;

/** Listens to what the user's code says through Temporal's own `heartbeat()`, too. */
export function heartbeatsOf(context: Context): Heartbeats {
  let last: unknown = context.info.heartbeatDetails;
  const send = context.heartbeat;
  const say = (details: unknown): void => {
    requireSmall(details);
    last = details;
    send(details);
  };
  // There is no interceptor for heartbeats; a context is one execution's own.
  Object.defineProperty(context, 'heartbeat', { value: say, configurable: true, enumerable: true, writable: false });
  return { say, repeat: () => send(last) };
}

/**
 * Refuses details that are too large, in the activity's own code.
 *
 * @throws {@link InvalidValueError}
 */
function requireSmall(details: unknown): void {
  const bytes = sizeOf(details);
  if (bytes <= LARGEST_DETAILS) return;
  throw new InvalidValueError(
    "the heartbeat's details",
    `have ${bytes} bytes, more than ${LARGEST_DETAILS}: keep them in ctx.state`,
  );
}

/** What is no JSON is for the converter to judge, of which the SDK reports an error by itself. */
function sizeOf(details: unknown): number {
  if (details instanceof Uint8Array) return details.length;
  try {
    return Buffer.byteLength(JSON.stringify(details) ?? '');
  } catch {
    return 0;
  }
}
