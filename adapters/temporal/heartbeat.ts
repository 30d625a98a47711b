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
 * Listens to what the user's code says through Temporal's own `heartbeat()`, too.
 *
 * @param largest - Bytes of JSON that details may have.
 */
export function heartbeatsOf(context: Context, largest: number): Heartbeats {
  let last: unknown = context.info.heartbeatDetails;
  const send = context.heartbeat;
  const say = (details: unknown): void => {
    requireSmall(details, largest);
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
function requireSmall(details: unknown, largest: number): void {
  const bytes = sizeOf(details);
  if (bytes <= largest) return;
  throw new InvalidValueError("the heartbeat's details", `have ${bytes} bytes, more than ${largest}: keep them in ctx.state`);
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
