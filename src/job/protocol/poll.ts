import { ExternalJobUnknownError } from '../../model/errors/store.ts';
import { NEVER } from '../../format/head.ts';
import { askedWait } from '../../model/retry-after.ts';
import { countStatusError } from '../../observe/telemetry.ts';
import type { JobStatus } from '../status.ts';
import { fieldsOf, firstSentAt, type HeldRecord, type RecordFields } from '../../format/record.ts';
import { describe } from './job-context.ts';
import { persist, superseded } from './persist.ts';
import { report } from '../attempt/report.ts';
import { at, recordRetention, type Run } from './run.ts';
import { askForPoll } from './status-call.ts';

/**
 * Polls an external system, and waits between two polls. If a poll fails, or nobody can classify the status, it polls again.
 * Neither is ever a reason to submit.
 */

/** A known status. A job that is missing within its grace counts as active. */
export type KnownStatus = Exclude<JobStatus, { state: 'unknown' }>;

type ActiveStatus = Extract<JobStatus, { state: 'active' }>;
/** A status that ends the wait. */
export type EndStatus = Exclude<KnownStatus, ActiveStatus>;

/** How long after a refresh a record that an attempt waits on is refreshed again. */
const REFRESH_AFTER = 24 * 3_600_000;

/** A known status, and the record as it is now. */
export interface Asked<Status extends KnownStatus = KnownStatus> {
  status: Status;
  record: HeldRecord;
}

/** The answer to a poll. */
interface Polled extends Asked {
  /** How many callbacks had come before it was asked for. */
  heard: number;
}

/**
 * Polls until the status is known. That it is unknown is told once when it begins, and once when it ends.
 *
 * @throws {@link ExternalJobUnknownError} if it stays unknown for `unknownFor`.
 */
export async function ask(run: Run, held: HeldRecord): Promise<Polled> {
  const { options, own, life } = run;
  let record = held;
  let { unknownSince } = record;
  for (let tries = 1; ; tries += 1) {
    const { status, cause, heard } = await askForPoll(run, record);
    // The text of a client's error may hold anything, and the history is shown to people.
    run.history.polled(cause === undefined ? status : { state: 'unknown', detail: `getStatus failed (${nameOf(cause)})` });
    report(run, record, status);
    const about = { ...run.about, externalId: record.externalId, tries };
    if (status.state !== 'unknown') {
      if (unknownSince !== undefined) {
        life.log.info({ ...about, state: status.state, ms: own.now() - unknownSince }, 'the status is known again');
      }
      if (record.unknownSince !== undefined) record = await noteUnknown(run, record, undefined);
      return { status: withGrace(run, record, status), record, heard };
    }
    countStatusError(options.name, cause === undefined ? 'unknown-state' : 'call-failed');
    const detail = status.detail ?? 'the external system did not say';
    const told = { ...about, detail, ...(cause !== undefined && { err: cause }) };
    life.log[unknownSince === undefined ? 'warn' : 'debug'](told, 'status unknown: it is asked for again');
    unknownSince ??= own.now();
    const left = unknownSince + options.unknownFor - own.now();
    if (left <= 0) {
      // The next attempt has as much time again.
      if (record.unknownSince !== undefined) await noteUnknown(run, record, undefined);
      throw new ExternalJobUnknownError(record.externalId, detail, { ...run.where, cause });
    }
    const ms = within(run, own.now() - unknownSince);
    record = await pauseUnknown(run, { record, heard }, unknownSince, Math.min(left, jittered(run, ms)));
  }
}

/** The status as it counts: a job may be missing for a while after its submit. */
export function withGrace({ own, options }: Run, record: HeldRecord, status: KnownStatus): KnownStatus {
  const counts = status.state === 'missing' && own.now() < record.updatedAt + options.missingGrace;
  return counts ? { state: 'active' } : status;
}

/** The time until the next poll, by the time that has passed: polls become rarer, within the bounds of `pollInterval`. */
function within({ options: { pollInterval } }: Run, passed: number): number {
  return Math.min(pollInterval.to, Math.max(pollInterval.from, passed));
}

/** Waits before the next try. A run that releases notes first since when the status is unknown, for the attempt that follows. */
async function pauseUnknown(
  run: Run,
  { record, heard }: Pick<Polled, 'record' | 'heard'>,
  since: number,
  ms: number,
): Promise<HeldRecord> {
  const releases = releasesFor(run, record, ms);
  const noted = releases && record.unknownSince === undefined ? await noteUnknown(run, record, since) : record;
  await pauseUntilPoll(run, noted, { ms, releases, heard });
  return noted;
}

async function noteUnknown(run: Run, record: HeldRecord, since: number | undefined): Promise<HeldRecord> {
  const { unknownSince: _, ...fields } = fieldsOf(record);
  return rewrite(run, record, { ...fields, ...(since !== undefined && { unknownSince: since }) });
}

/**
 * Writes other facts of a job that is waited for into its record.
 *
 * @throws {@link StaleAttemptError} if the record is not this attempt's any more.
 */
async function rewrite(run: Run, record: HeldRecord, fields: RecordFields): Promise<HeldRecord> {
  const { submission } = record;
  const draft = { letter: 'e', submission, fields: { ...fields, firstSentAt: firstSentAt(record) }, basis: record } as const;
  const reply = await persist(run, draft, 'lock');
  return reply.kind === 'ok' ? (reply.record as HeldRecord) : superseded(run, reply);
}

function releasesFor({ wait, own }: Run, record: HeldRecord, ms: number): boolean {
  return wait.mode === 'release' && ageOf(own.now(), record) + ms > wait.holdFor;
}

function ageOf(now: number, { updatedAt }: HeldRecord): number {
  return Math.max(0, now - updatedAt);
}

/** Waits from a first poll to the end of the job, or until it is given up: the status is then `overdue`. */
export async function waitForEnd(run: Run, first: Polled): Promise<Asked<EndStatus> | Overdue> {
  let { status, record, heard } = first;
  if (status.state === 'active') record = await withDescription(run, record);
  let keptUntil = record.expiresAt;
  while (status.state === 'active') {
    run.life.log.debug({ ...run.about, externalId: record.externalId, state: status.state }, 'polled');
    await at(run, 'G9');
    const left = firstSentAt(record) + run.options.giveUpAfter - run.own.now();
    if (left <= 0 || record.gaveUp) return { overdue: await markOverdue(run, record) };
    if (mustBeKept(run, keptUntil)) keptUntil = await refresh(run, record, keptUntil);
    const ms = Math.min(left, interval(run, status, ageOf(run.own.now(), record)));
    await pauseUntilPoll(run, record, { ms, releases: releasesFor(run, record, ms), heard });
    ({ status, record, heard } = await ask(run, record));
  }
  return { status, record };
}

/** A job whose ID a person wrote down is described by the first attempt that waits for it: only code can. */
async function withDescription(run: Run, record: HeldRecord): Promise<HeldRecord> {
  const { shown } = record.shown ? {} : describe(run, record.externalId);
  return shown ? rewrite(run, record, { ...fieldsOf(record), shown }) : record;
}

/**
 * Writes into the record that the job is given up, and reads it again. A write of an ID is accepted of a stale attempt in one case;
 * the read is not.
 *
 * @throws {@link StaleAttemptError} if a newer attempt has taken over.
 */
async function markOverdue(run: Run, record: HeldRecord): Promise<HeldRecord> {
  const marked = record.gaveUp ? record : await rewrite(run, record, { ...fieldsOf(record), gaveUp: true });
  await run.own.read(run.options.recordName);
  return marked;
}

/** The record of a job that is given up. */
interface Overdue {
  overdue: HeldRecord;
}

/** The age of the job decides, so that polls become rarer in this attempt and in later ones. */
function interval(run: Run, { nextPoll }: ActiveStatus, age: number): number {
  // Asked at least twice before a job that has ended is forgotten, and before the record is to be kept alive again.
  return Math.min(REFRESH_AFTER, run.options.remembersFor / 2, wish(run, nextPoll) ?? jittered(run, within(run, age)));
}

function wish(run: Run, nextPoll: ActiveStatus['nextPoll']): number | undefined {
  try {
    return askedWait(nextPoll, 'nextPoll', run.own.now());
  } catch (err) {
    run.life.log.warn({ ...run.about, err }, 'nextPoll is no length of time');
    return undefined;
  }
}

/** Up to a quarter shorter, so that many attempts do not poll at once. */
export function jittered(run: Run, ms: number): number {
  return Math.max(1, Math.round(ms * (1 - run.core.random() / 4)));
}

/** What an error is, without its text. */
function nameOf(cause: unknown): string {
  const { code, name } = (cause ?? {}) as { code?: unknown; name?: unknown };
  const word = [code, name].find((one) => typeof one === 'string' && /^[\w.-]{1,60}$/.test(one));
  return typeof word === 'string' ? word : 'error';
}

/** Whether a record would expire while an attempt waits on it. */
function mustBeKept({ core, own }: Run, keptUntil: number): boolean {
  const retention = recordRetention(core);
  return retention !== 'forever' && keptUntil < NEVER && keptUntil <= own.now() + retention - REFRESH_AFTER;
}

/** How old the history in a record may be while an attempt holds on. */
const NOTED_EVERY = 60_000;

/** Waits until the next poll, or hands the attempt back. The record says before what the last polls showed. */
async function pauseUntilPoll(
  run: Run,
  record: HeldRecord,
  { ms, releases, heard }: { ms: number; releases: boolean; heard: number },
): Promise<void> {
  const { history, waiting, own } = run;
  history.pollsAt(own.now() + ms);
  if (history.isDue(NOTED_EVERY)) await refresh(run, record, record.expiresAt);
  const leaving = async (): Promise<void> => {
    history.note('released', record.submission);
    await refresh(run, record, record.expiresAt);
  };
  await waiting.pause(ms, releases ? 'job' : undefined, run.signal, { heard, leaving });
  history.stayed();
}

/** Keeps a record from expiring, and writes its history. Returns until when it is kept; never rejects. */
async function refresh(run: Run, record: HeldRecord, keptUntil: number): Promise<number> {
  const { core, own, options, life, history } = run;
  const retention = recordRetention(core);
  const kept = { name: options.recordName, basis: record.version, retention, history: JSON.stringify(history.text()) };
  try {
    await core.track(() => core.metastore.records.refresh(own.address, kept, { signal: run.signal }));
    history.saved();
    return retention === 'forever' ? NEVER : own.now() + retention;
  } catch (err) {
    history.postponed();
    life.log[mustBeKept(run, keptUntil) ? 'warn' : 'debug']({ ...run.about, err }, 'the record could not be kept alive yet');
    return keptUntil;
  }
}
