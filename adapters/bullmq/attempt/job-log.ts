import { systemTimer, type Logger, type TaskScope, type Timer } from '../../../src/adapter-kit.ts';
import { detailsOf, type BullJob } from '../runtime.ts';

/** What an attempt writes to the log of its job. A failure to write is never a failure of the job. */

/**
 * Writes the transitions of an attempt to the job's log. To keep the log short, polls are left out, also those of a released job
 * that came back. A warning is written once, and again in an attempt if its reason changes.
 */
export function jobLogger(job: BullJob): Logger {
  const { attemptsStarted = 0, attemptsMade, stalledCounter = 0 } = detailsOf(job);
  const cameBack = attemptsStarted > attemptsMade + stalledCounter + 1;
  const warned = new Map<string, unknown>();
  const info = (fields: { decision?: string; wait?: string }, message: string): void => {
    const isPoll = cameBack && fields.decision === 'reconnected' && fields.wait === 'release';
    if (!isPoll) logLine(job, line(fields, message));
  };
  const warn = (fields: { reason?: unknown; externalId?: unknown; idempotencyKey?: unknown }, message: string): void => {
    const { reason, externalId, idempotencyKey } = fields;
    const about = JSON.stringify([message, externalId, reason === undefined && idempotencyKey]);
    if (warned.has(about) && warned.get(about) === reason) return;
    warned.set(about, reason);
    logLine(job, line(fields, message));
  };
  return { debug: () => undefined, info, warn, error: warn };
}

/** Milliseconds that a line waits for others: each row is a command. */
const GATHERED = 1_000;
/** The most lines of a row. */
const MOST_LINES = 100;

/** Lines of a job that are not written yet. */
const gathered = new WeakMap<BullJob, { lines: string[]; stop: () => void }>();

/** Adds one line to the job's log, with the time: dashboards show lines as they are. Lines that come close together are one row. */
export function logLine(job: BullJob, text: string, timer: Timer = systemTimer): void {
  const line = `${new Date().toISOString()} mooring: ${text}`;
  const lines = gathered.get(job)?.lines ?? [];
  if (lines.push(line) === 1) gathered.set(job, { lines, stop: timer(GATHERED, () => writeLog(job)) });
  if (lines.length >= MOST_LINES) writeLog(job);
}

/** Writes now what waits. Before the end of an attempt, so that it comes before what the next one has to say. */
export function writeLog(job: BullJob): void {
  const waiting = gathered.get(job);
  if (!waiting) return;
  gathered.delete(job);
  waiting.stop();
  try {
    void Promise.resolve(job.log(waiting.lines.join('\n'))).catch(() => undefined);
  } catch {
    // Nobody is left to tell.
  }
}

/** Fields that the job's own log need not repeat. */
const UNTOLD: readonly string[] = ['scope', 'decision', 'wait'];

function line(fields: object, message: string): string {
  const told = Object.entries(fields).flatMap(([name, value]: [string, unknown]) => {
    if (UNTOLD.includes(name) || value === undefined) return [];
    if (value instanceof Error) return [`${name}=${value.message}`];
    return [`${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`];
  });
  const { itemKey, mapIndex } = (fields as { scope?: Partial<TaskScope> }).scope ?? {};
  const item = itemKey ?? mapIndex;
  return [message, ...(item === undefined ? [] : [`item=${item}`]), ...told].join(' ');
}
