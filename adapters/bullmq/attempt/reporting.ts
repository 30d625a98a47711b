import type { JsonValue, Logger } from '../../../src/adapter-kit.ts';
import { detailsOf, type BullJob } from '../runtime.ts';

/** The view of an attempt on a dashboard. A failure to report is never a failure of the job. */

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

/** Adds one line to the job's log. */
export function logLine(job: BullJob, text: string): void {
  quietly(() => job.log(`mooring: ${text}`));
}

/** Fields that the job's own log need not repeat. */
const UNTOLD: readonly string[] = ['scope', 'decision', 'wait'];

function line(fields: object, message: string): string {
  const told = Object.entries(fields).flatMap(([name, value]: [string, unknown]) => {
    if (UNTOLD.includes(name) || value === undefined) return [];
    if (value instanceof Error) return [`${name}=${value.message}`];
    return [`${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`];
  });
  return [message, ...told].join(' ');
}

/**
 * Gives the job the progress of its external job. An object is merged into the job's own progress. A number or a text replaces
 * another, or none. If the two are of different kinds, the user's code sets its own progress, which stays.
 */
export function progressReporter(job: BullJob): (progress: JsonValue) => void {
  let reported: string | undefined;
  return (progress) => {
    const { progress: current } = detailsOf(job);
    const text = JSON.stringify(progress);
    if (text === reported || (kindOf(current) !== 'none' && kindOf(current) !== kindOf(progress))) return;
    reported = text;
    const merged =
      kindOf(progress) === 'record'
        ? { ...(kindOf(current) === 'record' ? (current as object) : {}), ...Object(progress) }
        : progress;
    quietly(() => job.updateProgress(merged as object));
  };
}

/** 0 is BullMQ's word for no progress yet. */
function kindOf(progress: unknown): 'none' | 'record' | 'scalar' {
  if (progress === undefined || progress === null || progress === 0) return 'none';
  return typeof progress === 'object' && !Array.isArray(progress) ? 'record' : 'scalar';
}

function quietly(report: () => unknown): void {
  void Promise.resolve()
    .then(report)
    .catch(() => undefined);
}
