import { MockActivityEnvironment } from '@temporalio/testing';
import type { ApplicationFailure, Info } from '@temporalio/activity';
import { ActivityCancellationDetails } from '@temporalio/common';
import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import { stateInterceptors, type ActivityStateOptions } from '../../../adapters/temporal/index.ts';
import type { StateStore } from '../../../src/index.ts';
import { memoryStateStore } from '../../../src/testing.ts';

/** Attempts of one activity in Temporal's own mock of it: no server, and so no data converter, throttling or limit. */

/** One attempt that can be cancelled, and what it said. */
export interface MockAttempt<Result> {
  result: Promise<Result>;
  heartbeats: unknown[];
  logs: { level: string; message: string; meta: Record<string, unknown> }[];
  metrics: { name: string; tags: object }[];
  cancel(reason: 'CANCELLED' | 'WORKER_SHUTDOWN' | 'PAUSED' | 'RESET' | 'NOT_FOUND' | 'TIMED_OUT'): void;
}

/** The worker of an attempt. */
export interface MockWorker {
  /** @defaultValue a new one in memory */
  store?: StateStore;
  options?: ActivityStateOptions;
  /** @defaultValue those of the store */
  interceptors?: ActivityInterceptorsFactory[];
}

const DETAILS = {
  CANCELLED: { cancelRequested: true },
  WORKER_SHUTDOWN: { workerShutdown: true },
  PAUSED: { paused: true },
  RESET: { reset: true },
  NOT_FOUND: { notFound: true },
  TIMED_OUT: { timedOut: true },
} as const;

/** Begins an attempt; each needs an environment of its own, since a context is one execution's. */
export function begin<Result>(
  activity: () => Promise<Result>,
  info: Partial<Info> = {},
  { store = memoryStateStore(), options = {}, interceptors = [stateInterceptors(store, options)] }: MockWorker = {},
): MockAttempt<Result> {
  const heartbeats: unknown[] = [];
  const logs: MockAttempt<Result>['logs'] = [];
  const metrics: MockAttempt<Result>['metrics'] = [];
  const say =
    (level: string) =>
    (message: string, meta: Record<string, unknown> = {}): void =>
      void logs.push({ level, message, meta });
  const environment = new MockActivityEnvironment(
    { activityType: 'transcode', ...info },
    {
      interceptors,
      logger: {
        log: (level, message, meta) => say(level)(message, meta),
        trace: say('TRACE'),
        debug: say('DEBUG'),
        info: say('INFO'),
        warn: say('WARN'),
        error: say('ERROR'),
      },
      metricMeter: {
        ...new MockActivityEnvironment().context.metricMeter,
        createCounter: (name: string) => ({
          name,
          kind: 'counter',
          valueType: 'int',
          add: (_value: number, tags: object = {}) => void metrics.push({ name, tags }),
          withTags: () => {
            throw new Error('not used');
          },
        }),
      } as never,
    },
  );
  environment.on('heartbeat', (details: unknown) => heartbeats.push(details));
  return {
    result: environment.run(activity),
    heartbeats,
    logs,
    metrics,
    cancel: (reason) => environment.cancel(reason, new ActivityCancellationDetails(DETAILS[reason])),
  };
}

/** What an attempt failed with. */
export async function failureOf(running: Promise<unknown>): Promise<ApplicationFailure> {
  return running.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: unknown) => error as ApplicationFailure,
  );
}
