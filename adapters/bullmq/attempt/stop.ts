import { setTimeout as pause } from 'node:timers/promises';
import { isStale, isStoreOutage, messageOf, milliseconds, StaleAttemptError } from '../../../src/adapter-kit.ts';
import type { Attempt, Duration } from '../../../src/adapter-kit.ts';
import { forgetCancel, recordCancel } from '../cancel.ts';
import { cancelledError, delayedError, handBackError } from './errors.ts';
import { afterGivenUp, isFinalFailure } from './final-failure.ts';
import type { Listener } from '../worker/heartbeat.ts';
import { SANDBOX_CLOSING, type Watch } from '../worker/lifecycle.ts';
import { riskOfDelay } from './delay-risk.ts';
import { logLine, writeLog } from './job-log.ts';
import { noteFailure, requestsFor, takeCallback } from '../requests.ts';
import { detailsOf } from '../runtime.ts';
import { runName } from './scope.ts';
import type { Setup, StatefulJob } from '../worker/setup.ts';
import { promote } from '../wake.ts';

/**
 * How an attempt ends before its work is done, and what then becomes of the job. The job is moved only once the processor has
 * returned and the attempt is over, so that no write of state comes later.
 */

const SWALLOWED =
  'returned although it had been stopped: that does not count. Rethrow errors for which isSuspension(error) is true';

type Stopped = { kind: 'cancelled'; error: Error } | { kind: 'handed-back' } | { kind: 'delayed'; until: number; away?: true };

/** How an attempt can be stopped. */
export interface Stop extends Listener {
  /** Gives the slot back while the attempt waits for its external jobs. Resolves if the attempt has to hold instead. */
  release(after: Duration): Promise<void>;
  /**
   * Called when BullMQ aborts its signal: somebody cancelled the job, or a closing program has cancelled all jobs of its worker.
   */
  aborted(reason: unknown): void;
  /** Ends the attempt after its work, and gives the job back if the attempt was stopped. */
  settle<Result>(outcome: PromiseSettledResult<Result>): Promise<Result>;
}

/** The ways to end one attempt, which holds the job by a token. */
export function createStop(held: StatefulJob & { token: string }, attempt: Attempt, worker: Watch, setup: Setup): Stop {
  const { job, store, scope } = held;
  const queue = job.queueQualifiedName;
  let stopped: Stopped | undefined;
  let deciding: Promise<void> | undefined;
  let moving = false;
  let late: string | undefined;
  let callbacks = 0;
  let heard: string | undefined;
  let recalled = false;
  let hasCancelled = false;

  const close = (): void => {
    stopped ??= { kind: 'handed-back' };
    attempt.abort(new Error('the worker is closing'));
  };
  const cancel = (reason: unknown): void => {
    // Closing a worker hands its jobs back, whatever else stops them.
    if (stopped?.kind === 'cancelled' || worker.isClosing()) return;
    const error = cancelledError(reason);
    // It is too late to fail: the job is on its way to the delayed set.
    if (moving) late ??= error.message;
    else {
      stopped = { kind: 'cancelled', error };
      hasCancelled = true;
      attempt.cancel(error);
    }
  };

  /** The store was unavailable: the work has not failed. */
  const outlast = async (error: unknown): Promise<void> => {
    const ms = worker.outage();
    worker.warn('outage', `Mooring hands jobs of ${queue} back until their state store answers: ${messageOf(error)}`);
    logLine(job, `handed back, since the state store is away: ${messageOf(error)}`);
    if (riskOfDelay(job, worker) === undefined) stopped = { kind: 'delayed', until: Date.now() + ms, away: true };
    // Otherwise wait here: BullMQ starts a job at once that is handed back.
    else if (!worker.isClosing()) await pause(ms, undefined, { signal: attempt.context.signal }).catch(() => undefined);
    await deciding;
    stopped ??= { kind: 'handed-back' };
  };
  const failed = async (error: unknown): Promise<void> => {
    if (!isStoreOutage(error)) worker.storeAnswered();
    if (stopped || isStale(error)) return;
    if (isStoreOutage(error)) return outlast(error);
    if (setup.options.onFinalFailure !== 'cancel' || !isFinalFailure(job, error, worker.maxStartedAttempts)) return;
    hasCancelled = true;
    attempt.cancel(new Error('BullMQ gives the job up', { cause: error }), 'gave-up');
  };

  const becomes = async (stop: Stopped): Promise<Error> => {
    if (stop.kind === 'cancelled') return stop.error;
    if (stop.kind === 'handed-back' || worker.isClosing()) return handBackError();
    moving = true;
    try {
      await job.moveToDelayed(stop.until, held.token);
    } catch (cause) {
      // A refusal of BullMQ has a number as its code. Any other error comes from its connection.
      if (typeof (cause as { code?: unknown }).code !== 'number') return handBackError();
      // Only the text is kept: a client's error carries the command, and with it the lock's token.
      return new StaleAttemptError(`BullMQ did not let the job be delayed: ${messageOf(cause)}`, { scope });
    }
    await deciding;
    if (late !== undefined) await recordCancel(held, late.slice(0, 1_000)).catch(tellLate);
    // Not waited for: BullMQ tries to extend the lost lock until it hears of the delay.
    void takeBack(stop.away).catch(() => undefined);
    return delayedError(stop.until);
  };
  const tellLate = (error: unknown): void => logLine(job, `could not be cancelled while it was released: ${messageOf(error)}`);
  /**
   * Promotes a job that was cancelled while it was moved, or for which a callback came. Its next attempt begins now, and fails or
   * polls. Whoever asked found no delayed job to promote.
   */
  const takeBack = async (away = false): Promise<void> => {
    const known = late !== undefined || recalled;
    const { cancel, callback } = (away || known ? undefined : (await requestsFor(store, [job])).get(runName(job))) ?? {};
    const isNew = callback !== undefined && callback !== heard;
    if (known || cancel !== undefined || isNew) await promote(detailsOf(job));
    if (callback !== undefined) await take(callback);
  };
  const take = (callback: string): Promise<void> => takeCallback(store, job, callback).catch(() => undefined);

  const callback: Listener['callback'] = (noted) => {
    // A note that is being taken away may be read once more.
    if (noted !== undefined && noted === heard) return;
    heard = noted;
    callbacks += 1;
    attempt.pollNow();
    // The job is on its way to the delayed set, or there already. After an outage it soon comes back anyway.
    if (stopped?.kind === 'delayed' && !stopped.away) recalled = true;
    if (noted !== undefined) void take(noted);
  };
  /** What a sandbox asks before it lets go of its job, which it cannot promote: whether it is to stay. */
  const mustStay = async (): Promise<boolean> => {
    const before = callbacks;
    const asked = (await requestsFor(store, [job])).get(runName(job));
    if (asked?.cancel !== undefined) cancel(asked.cancel);
    if (asked?.callback !== undefined) callback(asked.callback);
    return stopped !== undefined || callbacks > before;
  };

  return {
    async release(after) {
      const risk = riskOfDelay(job, worker);
      if (risk !== undefined) return worker.warn(risk, `Mooring holds jobs of ${queue} instead of releasing them: ${risk}`);
      if (detailsOf(job).promote === undefined && (await mustStay())) return;
      // BullMQ compares this with the wall clock, whatever clock the store was given.
      const until = Date.now() + milliseconds(after, 'after');
      stopped ??= { kind: 'delayed', until };
      throw delayedError(until);
    },
    cancel,
    callback,
    close,
    aborted(reason) {
      if (reason === SANDBOX_CLOSING) return close();
      attempt.abort(cancelledError(reason));
      // BullMQ's guide cancels all jobs just before it closes the worker. So whether the worker closes is known a moment later.
      const decide = (): void => (worker.isClosing() ? close() : cancel(reason));
      deciding = new Promise((resolve) => void setImmediate(resolve)).then(decide);
    },
    lost: () => attempt.abort(new StaleAttemptError('another attempt, or none, holds the lock of its job', { scope })),
    completed: () => void attempt.succeed(),
    gaveUp: () => void (hasCancelled ? forgetCancel(held) : afterGivenUp(setup, job)),
    async settle<Result>(worked: PromiseSettledResult<Result>): Promise<Result> {
      let outcome = worked;
      if (deciding) await deciding;
      if (outcome.status === 'fulfilled' && attempt.interrupted()) {
        worker.warn('swallowed', `A processor of ${queue} ${SWALLOWED}`);
        logLine(job, `the processor ${SWALLOWED}`);
        outcome = { status: 'rejected', reason: attempt.context.signal.reason };
      }
      if (outcome.status === 'rejected') {
        const { reason } = attempt.context.signal as { reason: unknown };
        // An attempt that has lost the job does nothing more about it, whatever its processor makes of that.
        if (isStale(reason)) outcome = { status: 'rejected', reason };
        // A recorded failure costs an attempt, however this one was stopped.
        const failure = attempt.failure();
        if (failure && (isStoreOutage(outcome.reason) || (stopped && stopped.kind !== 'cancelled'))) {
          stopped = undefined;
          outcome = { status: 'rejected', reason: failure };
        }
        if (failure) await noteFailure(store, job).catch(() => undefined);
        await failed(outcome.reason);
        await attempt.fail();
      } else worker.storeAnswered();
      await attempt[Symbol.asyncDispose]();
      if (deciding) await deciding;
      writeLog(job);
      if (outcome.status === 'fulfilled') return outcome.value;
      throw stopped && !isStale(outcome.reason) ? await becomes(stopped) : outcome.reason;
    },
  };
}
