import { milliseconds, type Duration } from '../../model/duration.ts';
import { ExternalJobUnknownError } from '../../model/errors/store.ts';
import { NEVER } from '../../format/head.ts';
import { reasonOf } from '../../model/reason.ts';
import { countStatusError } from '../../observe/telemetry.ts';
import type { ExternalId } from '../external-job.ts';
import type { JobStatus } from '../status.ts';
import type { HeldRecord } from '../../format/record.ts';
import { at, callWithin, recordRetention, type Run } from './run.ts';

/**
 * Polls an external system, and waits between two polls. If a poll fails, or nobody can classify the status, it polls again.
 * Neither is ever a reason to submit.
 */

/** A known status. A job that is missing within its grace counts as active. */
export type KnownStatus = Exclude<JobStatus, { state: 'unknown' }>;

type ActiveStatus = Extract<JobStatus, { state: 'active' }>;
type EndStatus = Exclude<KnownStatus, ActiveStatus>;

/** The answer to a poll. */
export interface Polled {
  status: KnownStatus;
  /** How many callbacks had come before it was asked for. */
  heard: number;
}

/** How often in a row a status may be unknown: about 3 minutes with the default intervals. */
const UNKNOWN_IN_A_ROW = 10;
/** How long after a refresh a record that an attempt waits on is refreshed again. */
const REFRESH_AFTER = 24 * 3_600_000;

/**
 * Polls until the status is known.
 *
 * @throws {@link ExternalJobUnknownError} if it stays unknown.
 */
export async function ask(run: Run, record: HeldRecord): Promise<Polled> {
  const { from, to } = run.options.pollInterval;
  for (let tries = 1; ; tries += 1) {
    const { heard, status, cause } = await askNow(run, record);
    if (status.state === 'missing' && run.own.now() < record.updatedAt + run.options.missingGrace) {
      return { status: { state: 'active' }, heard };
    }
    if (status.state !== 'unknown') return { status, heard };
    countStatusError();
    const detail = status.detail ?? 'the external system did not say';
    run.life.log.warn(
      { ...run.about, externalId: record.externalId, detail, tries, ...(cause !== undefined && { err: cause }) },
      'status unknown',
    );
    if (tries >= UNKNOWN_IN_A_ROW) {
      throw new ExternalJobUnknownError(record.externalId, detail, { ...run.where, cause });
    }
    await run.waiting.pause(jittered(run, Math.min(to, from * 2 ** (tries - 1))), undefined, run.signal, heard);
    // However often a callback comes, it uses up none of the tries.
    if (run.waiting.callbacks() > heard) tries -= 1;
  }
}

/**
 * Asks once. A callback that comes meanwhile may be newer than the answer, so it is asked again; but only once, or many callbacks
 * would keep it from ever having an answer.
 */
async function askNow(run: Run, record: HeldRecord): Promise<Answer & { heard: number }> {
  const { waiting, signal } = run;
  let heard = waiting.callbacks();
  let answer = await waiting.untilCallback(signal, heard, (either) => getStatus(run, record, either));
  if (!answer) {
    heard = waiting.callbacks();
    answer = await getStatus(run, record, signal);
  }
  return { ...answer, heard };
}

interface Answer {
  status: JobStatus;
  cause?: unknown;
}

async function getStatus(run: Run, { externalId }: HeldRecord, signal: AbortSignal): Promise<Answer> {
  const { core, job, options } = run;
  const ask = (within: AbortSignal): Promise<JobStatus> => job.getStatus(externalId as ExternalId, { signal: within });
  try {
    return { status: classified(await callWithin(core, options, signal, ask)) };
  } catch (cause) {
    signal.throwIfAborted();
    return { status: { state: 'unknown', detail: `getStatus failed: ${reasonOf(cause)}` }, cause };
  }
}

const STATES: readonly string[] = ['active', 'succeeded', 'failed', 'missing', 'unknown'];

/** A user's function may return anything. */
function classified(status: JobStatus): JobStatus {
  const state: unknown = (status as JobStatus | undefined)?.state;
  if (typeof state === 'string' && STATES.includes(state)) return status;
  return { state: 'unknown', detail: `getStatus returned the state ${JSON.stringify(state)}` };
}

/** Waits from a first poll to the end of the job. */
export async function waitForEnd(run: Run, record: HeldRecord, first: Polled): Promise<EndStatus> {
  let { status, heard } = first;
  let keptUntil = record.expiresAt;
  while (status.state === 'active') {
    run.life.log.debug({ ...run.about, externalId: record.externalId, state: status.state }, 'polled');
    report(run, status);
    await at(run, 'G9');
    keptUntil = await keepAlive(run, record, keptUntil);
    const age = Math.max(0, run.own.now() - record.updatedAt);
    const ms = interval(run, status, age);
    const releases = run.wait.mode === 'release' && age + ms > run.wait.holdFor;
    await run.waiting.pause(ms, releases ? 'job' : undefined, run.signal, heard);
    ({ status, heard } = await ask(run, record));
  }
  return status;
}

/** The age of the job decides, so that polls become rarer in this attempt and in later ones. */
function interval(run: Run, { nextPoll }: ActiveStatus, age: number): number {
  const { from, to } = run.options.pollInterval;
  return wish(run, nextPoll) ?? jittered(run, Math.min(to, Math.max(from, age)));
}

function wish(run: Run, nextPoll: Duration | undefined): number | undefined {
  if (nextPoll === undefined) return undefined;
  try {
    return milliseconds(nextPoll, 'nextPoll');
  } catch (err) {
    run.life.log.warn({ ...run.about, err }, 'nextPoll is no length of time');
    return undefined;
  }
}

/** Up to a quarter shorter, so that many attempts do not poll at once. */
function jittered(run: Run, ms: number): number {
  return Math.max(1, Math.round(ms * (1 - run.core.random() / 4)));
}

function report(run: Run, { progress }: ActiveStatus): void {
  const { onProgress } = run.attempt;
  if (!onProgress || progress === undefined) return;
  void Promise.resolve()
    .then(() => onProgress(progress))
    .catch((err: unknown) => run.life.log.warn({ ...run.about, err }, 'onProgress failed'));
}

/** Keeps a record from expiring while an attempt waits on it. Returns until when it is kept. */
async function keepAlive(run: Run, record: HeldRecord, keptUntil: number): Promise<number> {
  const { core, own, options, life } = run;
  const retention = recordRetention(core);
  if (retention === 'forever' || keptUntil >= NEVER || keptUntil > own.now() + retention - REFRESH_AFTER) return keptUntil;
  try {
    await core.track(() =>
      core.metastore.refresh(own.address, { name: options.recordName, basis: record.version, retention }, {}),
    );
    return own.now() + retention;
  } catch (err) {
    life.log.warn({ ...run.about, err }, 'the record could not be kept alive yet');
    return keptUntil;
  }
}
