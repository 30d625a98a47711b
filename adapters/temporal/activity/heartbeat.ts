import type { Context } from '@temporalio/activity';
import { InvalidValueError, milliseconds, reportEntry, systemTimer } from '../../../src/adapter-kit.ts';
import type { Duration, JobReport, JsonValue } from '../../../src/adapter-kit.ts';
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
  /** Shows an external job in the details, unless the user's code has said some. */
  report(report: JobReport): void;
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
  let hasEnded = false;
  // Of the attempt before, if nobody else has said anything since.
  const shown = new Map(Object.entries(isOurs(last) ? last[OURS] : {}));
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
    report(report) {
      if (hasEnded || info.isLocal || (last != null && !isOurs(last))) return;
      const [label, entry] = reportEntry(report);
      if (JSON.stringify(shown.get(label)) === JSON.stringify(entry)) return;
      shown.delete(label);
      shown.set(label, entry);
      const [oldest = ''] = shown.keys();
      if (shown.size > MOST_SHOWN) shown.delete(oldest);
      const details = { [OURS]: Object.fromEntries(shown) };
      if (jsonBytes(details) <= largest) say(details);
    },
    start() {
      if (stop || every === 0 || info.isLocal) return;
      // The user's own code may have used up most of the time until then.
      if (Date.now() - begun >= every) repeat();
      else arm();
    },
    stop() {
      hasEnded = true;
      stop?.();
    },
  };
}

/** What marks details that nobody but this library has said. */
const OURS = 'mooring';
/** The most external jobs in the details, which each heartbeat sends again. */
const MOST_SHOWN = 20;

function isOurs(details: unknown): details is { [OURS]: Record<string, unknown> } {
  const names = typeof details === 'object' && details !== null ? Object.keys(details) : [];
  return names.length === 1 && names[0] === OURS;
}
