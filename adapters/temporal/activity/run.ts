import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure, type Context, type Info } from '@temporalio/activity';
import { beginAttempt, ConfigError, isStoreOutage, milliseconds } from '../../../src/adapter-kit.ts';
import type { Retention, StateStore } from '../../../src/adapter-kit.ts';
import { activityContext, type ActivityParts } from './context.ts';
import { callbackToken } from './complete.ts';
import { forTemporal, outageFailure, waitingFailure } from './errors.ts';
import { heartbeatsOf, type Heartbeats } from './heartbeat.ts';
import { activityLogger, countEnd } from './reporting.ts';
import { largestDetails } from './largest-details.ts';
import { requireSmallResult } from './result-size.ts';
import { running, type RunSetup } from './running.ts';
import { attemptFacts, scopeOf, type ActivityScope } from './scope.ts';
import { retryDelay, timeLeft, waitingOf } from './waiting.ts';

/**
 * One execution of an activity, as Temporal starts it. It has an attempt of the core for each scope that the activity's code asks
 * for, and ends them together. An external job is cancelled only if a person or the workflow asked. A worker that stops, a pause,
 * a reset and a timeout leave it to the next attempt. While a store is unavailable, one execution may run the code several times.
 */

const NO_HEARTBEAT =
  'this activity has no heartbeatTimeout: that its worker died is noticed at startToCloseTimeout, and no cancellation arrives';
const SHUTDOWN = 'the worker shuts down: another one waits on';
const WHICH = 'must name one of the stores of this worker: { store } says which one is meant';
const RETURNED = 'the activity returned although its attempt was stopped: rethrow errors for which isSuspension(error) is true';

/** Milliseconds before the n-th rerun after an outage. */
function pauseBefore(beginning: number): number {
  return Math.min(30_000, 1_000 * 2 ** (beginning - 1));
}

/** A completion may be lost with its worker. That is noticed this much later, and the next attempt must still find the result. */
function keptAfterSuccess(asked: Retention = '1d', { heartbeatTimeoutMs, startToCloseTimeoutMs }: Info): Retention {
  if (asked === 'forever') return asked;
  return milliseconds(asked, 'clearAfterSuccess') + (heartbeatTimeoutMs || startToCloseTimeoutMs);
}

/** Executes an activity's code. It is executed again in the same attempt if a store was unavailable and attempts are limited. */
export async function execute(main: RunSetup, context: Context, code: () => Promise<unknown>): Promise<unknown> {
  const heartbeats = heartbeatsOf(context, largestDetails(main.converter), main.options.heartbeat);
  const begun = Date.now();
  try {
    for (let rerun = 0; ; rerun += 1) {
      const run = activityRun(main, context, heartbeats, rerun);
      let returned = false;
      try {
        const result = await running.run(run, code);
        await run.accept(result);
        returned = true;
        return result;
      } catch (error) {
        if (!(await run.again(error, begun))) throw run.failure(error);
      } finally {
        await run.end(returned);
      }
    }
  } finally {
    heartbeats.stop();
  }
}

function activityRun(main: RunSetup, context: Context, heartbeats: Heartbeats, rerun: number) {
  const { info, cancellationSignal } = context;
  const logger = activityLogger(context);
  const endless = !info.retryPolicy?.maximumAttempts;
  const silent = !info.heartbeatTimeoutMs && main.options.heartbeat === undefined && !info.isLocal;
  const warned = new Set<string>();
  const warn = (text: string): void => {
    if (!warned.has(text)) logger.warn({}, text);
    warned.add(text);
  };

  const begin = (choice: ActivityScope, { store, options }: RunSetup, id = '') => {
    const waiting = waitingOf(info, Date.now, warn);
    const attempt = beginAttempt(store, {
      scope: scopeOf(info, choice),
      ...attemptFacts(info, choice, rerun),
      callbackToken: callbackToken(info),
      logger,
      release: waiting.release,
      ...(main.options.reportJobs && { onReport: heartbeats.report }),
      clearAfterSuccess: keptAfterSuccess(options.clearAfterSuccess, info),
    });
    let waits = 0;
    const heed = (): void => {
      if (context.cancellationDetails?.cancelRequested) attempt.cancel(cancellationSignal.reason);
      else if (cancellationSignal.aborted) attempt.abort(cancellationSignal.reason);
      // If attempts are limited, it goes on waiting until the worker's grace is over: the external job may end before.
      else if (main.shutdown.signal.aborted && waits > 0 && endless && !info.isLocal) attempt.abort(waitingFailure(1, SHUTDOWN));
    };
    const run: ActivityParts['run'] = (asked, work) => {
      // An activity that a webhook completes needs no heartbeat: nobody would send it while it waits.
      if (silent && asked?.mode !== 'async') warn(NO_HEARTBEAT);
      const wait = waiting.choose(asked);
      waits += 1;
      heed();
      const result = work(wait);
      const over = (): void => void (waits -= 1);
      result.then(over, over);
      return result;
    };
    return { id, attempt, store, choice, heed, context: activityContext(attempt.context, { heartbeat: heartbeats.say, run }) };
  };
  const setups = [main];
  const attempts: ReturnType<typeof begin>[] = [];
  const heedAll = (): void => attempts.forEach(({ heed }) => heed());
  const signals = [cancellationSignal, main.shutdown.signal];
  for (const signal of signals) signal.addEventListener('abort', heedAll);

  const stopReason = (): unknown => {
    const ended = [cancellationSignal, ...attempts.map(({ attempt }) => attempt.context.signal)];
    return attempts.length > 0 ? ended.find(({ aborted }) => aborted)?.reason : undefined;
  };
  /** The user's own failure passes unchanged, whatever caused it. */
  const isOutage = (error: unknown): boolean =>
    attempts.length > 0 && stopReason() === undefined && !(error instanceof ApplicationFailure) && isStoreOutage(error);
  /** A recorded failure of an external job is reported however the attempt ends: the next submission costs an attempt. */
  const jobFailure = (): unknown => {
    const failures = attempts.flatMap(({ attempt }) => attempt.failure() ?? []);
    return context.cancellationDetails?.cancelRequested ? undefined : failures[0];
  };
  /**
   * An activity that never asked for its context may not use this library, so this is not waited for and its errors are ignored.
   */
  const leaveTrace = async (setup: RunSetup): Promise<void> => begin('activity', setup).attempt.fail();
  return {
    context,
    join: (setup: RunSetup): void => void setups.push(setup),
    attempt(choice: ActivityScope, asked: StateStore | undefined) {
      const [setup, ...others] = setups.filter(({ store }) => asked === undefined || store === asked);
      if (!setup || others.some(({ store }) => store !== setup.store)) throw new ConfigError('store', WHICH);
      const { flow, run, task, mapIndex, itemKey } = scopeOf(info, choice);
      const id = JSON.stringify([setups.indexOf(setup), flow, run, task, mapIndex ?? itemKey ?? null]);
      let one = attempts.find((known) => known.id === id);
      if (!one) attempts.push((one = begin(choice, setup, id)));
      heartbeats.start();
      one.heed();
      return one;
    },
    /** Checks what the code returned. Throws what ended the attempt before, or an error if the server would refuse the result. */
    async accept(result: unknown): Promise<void> {
      const interrupted = attempts.some(({ attempt }) => attempt.interrupted());
      if (interrupted) warn(RETURNED);
      if (interrupted) throw stopReason();
      if (attempts.length > 0) await requireSmallResult(result, main.converter, main.options.maxResultBytes);
    },
    /** Whether to run the code again in the same attempt, given when it began. Waits until the store may be back. */
    async again(error: unknown, begun: number): Promise<boolean> {
      const pause = pauseBefore(rerun + 1);
      const ends = Math.min(timeLeft(info, 0), begun + (info.startToCloseTimeoutMs || Number.POSITIVE_INFINITY));
      if (endless || !isOutage(error) || jobFailure() || pause > (ends - Date.now()) / 2) return false;
      logger.warn({ err: error, pause }, 'a store was away: the activity begins again, in the same attempt');
      await sleep(pause, undefined, { signal: cancellationSignal }).catch(() => undefined);
      return stopReason() === undefined;
    },
    /** The error as Temporal must see it. */
    failure(error: unknown): unknown {
      const stop = stopReason();
      const told = stop !== undefined || isOutage(error) ? (jobFailure() ?? stop) : undefined;
      const delay = retryDelay(info, pauseBefore(info.attempt), Date.now());
      const failure = told === undefined && isOutage(error) ? outageFailure(error, delay) : forTemporal(error, told);
      countEnd(context, failure);
      return failure;
    },
    /** Ends everything, and waits until nothing is running. */
    async end(returned: boolean): Promise<void> {
      await Promise.all(attempts.map(({ attempt }) => attempt[Symbol.asyncDispose]()));
      for (const signal of signals) signal.removeEventListener('abort', heedAll);
      // State that activities share outlives each of them: the next one may come after days.
      const own = attempts.filter(({ choice }) => !returned || choice === 'activity');
      const over = own.map(({ attempt }) => (returned ? attempt.succeed() : attempt.fail()));
      const traces = returned || attempts.length > 0 ? [] : setups.map(leaveTrace);
      const settled = Promise.allSettled([...over, ...traces]);
      main.settling.add(settled);
      const forget = settled.finally(() => main.settling.delete(settled));
      if (!returned && attempts.length > 0) await forget;
    },
  };
}
