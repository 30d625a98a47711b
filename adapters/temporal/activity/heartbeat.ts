import type { Context } from '@temporalio/activity';
import { InvalidValueError, milliseconds, systemTimer, type Duration, type JsonValue } from '../../../src/adapter-kit.ts';
import { jsonBytes } from './result-size.ts';

/**
 * Heartbeats of our own in addition to those of the user. The server keeps the details of the last one alone, so ours say again what the
 * user said last, in this attempt or in the one before. They depend on a timer alone: whatever the store does, the attempt is alive.
 */

/** The heartbeats of one activity. */
export interface Heartbeats {
  /** Says the user's details, which ours repeat from now on. */
  say(details: JsonValue): void;
  /** From now on ours are sent, until `stop()`. */
  start(): void;
  stop(): void;
}

/**
 * Listens to what the user's code says through Temporal's own `heartbeat()`, too.
 *
 * @param largest - Bytes of JSON that details may have.
 * @param wished - How often ours are sent.
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
  // There is no interceptor for heartbeats; a context is one execution's own.
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
