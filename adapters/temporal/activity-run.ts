import type { Context, Info } from '@temporalio/activity';
import {
  beginAttempt,
  milliseconds,
  type Attempt,
  type Retention,
  type StateShape,
  type StateStore,
  type TaskScope,
  type Wait,
} from '../../src/index.ts';
import { activityContext, type ActivityContext, type ActivityWait } from './activity-context.ts';
import { callbackToken } from './callback.ts';
import { heartbeatsOf } from './heartbeat.ts';
import type { ActivityStateOptions } from './options.ts';
import { activityLogger, counterOf } from './reporting.ts';
import { attemptFacts, scopeOf, type ActivityScope } from './scope.ts';
import { waitingOf } from './waiting.ts';

/**
 * One attempt of an activity, as Temporal runs it: an attempt of the core for each scope that the activity's code asks for, and
 * their common end. An external job is cancelled only where a person or the workflow asked; a worker that stops, a pause, a reset and
 * a timeout leave it to the next attempt.
 */

/** What is running. */
export interface ActivityRun {
  readonly context: Context;
  readonly store: StateStore;
  /** The attempt of a scope; the same one for the same scope. */
  attempt<Shape extends StateShape<Shape>>(scope: ActivityScope): ActivityContext<Shape>;
  /** Signals whose reasons end this attempt on purpose. */
  signals(): readonly AbortSignal[];
  /** The activity has returned its result: shortens the retention of the state that is its alone. Never rejects. */
  succeed(): Promise<void>;
  /** Ends everything, and waits until nothing goes on. */
  end(): Promise<void>;
}

const NO_HEARTBEAT =
  'this activity has no heartbeatTimeout: that its worker died is noticed at startToCloseTimeout, and no cancellation arrives';

/** A completion may be lost with its worker, which is noticed this much later: the next attempt must still find the result. */
function keptAfterSuccess(asked: Retention = '1d', { heartbeatTimeoutMs, startToCloseTimeoutMs }: Info): Retention {
  if (asked === 'forever') return asked;
  return milliseconds(asked, 'clearAfterSuccess') + (heartbeatTimeoutMs || startToCloseTimeoutMs);
}

/** What all executions share. */
export interface RunSetup {
  readonly store: StateStore;
  readonly options: ActivityStateOptions;
  /** Bytes of JSON that a heartbeat's details may have. */
  readonly largestDetails: number;
}

/** The state of one execution of an activity; does no I/O. */
export function activityRun({ store, options, largestDetails }: RunSetup, context: Context): ActivityRun {
  const { info } = context;
  const heartbeats = heartbeatsOf(context, largestDetails);
  const every = options.heartbeat ?? (info.heartbeatTimeoutMs ? info.heartbeatTimeoutMs / 3 : undefined);
  const logger = activityLogger(context);
  const count = counterOf(context);
  const warned = new Set<string>();
  const warn = (text: string): void => {
    if (!warned.has(text)) logger.warn({}, text);
    warned.add(text);
  };
  const waiting = waitingOf(info, Date.now, (why) => warn(`holds an activity that was to be released while it waits: ${why}`));
  const attempts = new Map<string, { attempt: Attempt; context: ActivityContext; choice: ActivityScope }>();

  const stop = (attempt: Attempt): void => {
    const { reason } = context.cancellationSignal as { reason: unknown };
    if (context.cancellationDetails?.cancelRequested) attempt.cancel(reason);
    else attempt.abort(reason);
  };
  const wait = (asked: ActivityWait | undefined): Wait => {
    // A webhook's activity needs none: nobody would send its heartbeats while it waits.
    if (every === undefined && !info.isLocal && asked?.mode !== 'async') warn(NO_HEARTBEAT);
    return waiting.choose(asked);
  };
  const beat = async (): Promise<'held'> => {
    heartbeats.repeat();
    return 'held';
  };
  const begin = (choice: ActivityScope, scope: TaskScope): Attempt => {
    const attempt = beginAttempt(store, {
      scope,
      ...attemptFacts(info, choice),
      callbackToken: callbackToken(info),
      logger,
      release: async (after, waitsFor) => {
        try {
          await waiting.release(after, waitsFor);
        } catch (ended) {
          count('mooring_releases', {});
          throw ended;
        }
      },
      ...(every === undefined || info.isLocal ? {} : { heartbeat: { every, beat } }),
      clearAfterSuccess: keptAfterSuccess(options.clearAfterSuccess, info),
    });
    if (context.cancellationSignal.aborted) stop(attempt);
    return attempt;
  };
  const stopAll = (): void => {
    for (const { attempt } of attempts.values()) stop(attempt);
  };
  context.cancellationSignal.addEventListener('abort', stopAll, { once: true });

  return {
    context,
    store,
    attempt<Shape extends StateShape<Shape>>(choice: ActivityScope): ActivityContext<Shape> {
      const scope = scopeOf(info, choice);
      const name = JSON.stringify([scope.flow, scope.run, scope.task, scope.mapIndex ?? scope.itemKey ?? null]);
      let known = attempts.get(name);
      if (!known) {
        const attempt = begin(choice, scope);
        known = { attempt, choice, context: activityContext(attempt.context, { heartbeat: heartbeats.say, wait }) };
        attempts.set(name, known);
      }
      return known.context as unknown as ActivityContext<Shape>;
    },
    signals: () => [context.cancellationSignal, ...[...attempts.values()].map(({ attempt }) => attempt.context.signal)],
    async succeed() {
      // What activities share outlives each of them: the next one may come after days.
      const own = [...attempts.values()].filter(({ choice }) => choice === 'activity');
      await Promise.all(own.map(({ attempt }) => attempt.succeed()));
    },
    async end() {
      await Promise.all([...attempts.values()].map(({ attempt }) => attempt[Symbol.asyncDispose]()));
      context.cancellationSignal.removeEventListener('abort', stopAll);
    },
  };
}
