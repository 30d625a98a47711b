import type { Context } from '@temporalio/activity';
import { InvalidValueError, milliseconds, systemTimer, type Duration, type JsonValue } from '../../../src/adapter-kit.ts';
import { jsonBytes } from './result-size.ts';

/**
 * Automatic heartbeats in addition to those of the user. The server keeps only the details of the last heartbeat, so these repeat
 * the user's last details, of this attempt or the one before. They depend only on a timer: whatever the store does, the attempt
 * is alive.
 */

/** The heartbeats of one activity. */
export interface Heartbeats {
  /** Sends the user's details, which automatic heartbeats repeat from now on. */
  say(details: JsonValue): void;
  /** Sends automatic heartbeats until `stop()`. */
  start(): void;
  stop(): void;
}

/**
 * Also catches the details that the user's code gives to Temporal's own `heartbeat()`.
 *
 * @param largest - Bytes of JSON that details may have.
 * @param wished - How often automatic heartbeats are sent.
 * @defaultValue `wished` is a third of the activity's `heartbeatTimeout`; none are sent if it has none
 */
export function heartbeatsOf(context: Context, largest: number, wished?: Duration): Heartbeats {
  const { info, heartbeat: send } = context;
  const every = wished === undefined ? (info.heartbeatTimeoutMs ?? 0) / 3 : milliseconds(wished, 'heartbeat');
  const begun = Date.now();
  let last: unknown = info.heartbeatDetails;
  let stop: (() => void) | undefined;
  const arm = (): void => void (stop = systemTimer(every, repeat));
  const repeat = (): void => {
    arm();
    send(last);
  };
  const say = (details: unknown): void => {
    const bytes = jsonBytes(details);
    if (bytes > largest) {
      throw new InvalidValueError("the heartbeat's details", `have ${bytes} bytes, more than ${largest}: keep them in ctx.state`);
    }
    last = details;
    send(details);
  };
  // Temporal has no interceptor for heartbeats. The context belongs to one execution, so it may be changed.
  Object.defineProperty(context, 'heartbeat', { value: say, configurable: true, enumerable: true, writable: false });
  return {
    say,
    start() {
      if (stop || every === 0 || info.isLocal) return;
      // The user's own code may have used up most of the time until then.
      if (Date.now() - begun >= every) repeat();
      else arm();
    },
    stop: () => stop?.(),
  };
}
