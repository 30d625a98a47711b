import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, test } from '@jest/globals';
import { Context, type Info } from '@temporalio/activity';
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { ActivityOptions, RetryState } from '@temporalio/common';
import { memoryMetastore, memoryStateStore } from '../../../src/testing.ts';
import type { StateStore } from '../../../src/index.ts';
import type { Generation } from '../../support/temporal.ts';
import { until } from '../../support/until.ts';
import { temporalRig, type RigWorkerOptions, type TemporalRig, type WorkerRig } from './rig.ts';
import type { Step } from './workflows.ts';

/**
 * One worker that many tests share at the same time: each test waits more than it computes. A test brings its activities along.
 */

/** An activity of a test. */
export type Code = (...args: never[]) => Promise<unknown>;

/** What a test works with. */
export interface World extends WorkerRig {
  readonly rig: TemporalRig;
  readonly client: Client;
  /** Makes code an activity, as a step of a workflow. */
  step(code: Code, options?: ActivityOptions & { args?: readonly unknown[] }): Step;
  /** Runs another worker, which knows the same activities, until `work` ends. */
  withWorker<Result>(
    options: Omit<RigWorkerOptions, 'activities'>,
    work: (worker: WorkerRig) => Promise<Result>,
  ): Promise<Result>;
}

/** Opens a world for each generation's tests, and begins all of them at once; returns what declares one. */
export function declareStories(
  generation: Generation,
  options: Omit<RigWorkerOptions, 'activities'> = {},
): (name: string, tell: (world: World) => Promise<void>) => void {
  const stories: { tell(world: World): Promise<void>; told?: Promise<void> }[] = [];
  let rig: TemporalRig | undefined;
  let shared: Promise<void> | undefined;
  let giveUp: NodeJS.Timeout | undefined;
  let end = (): void => undefined;

  beforeAll(async () => {
    rig = await temporalRig(generation);
    const store = await grownStore();
    const codes = new Map<string, Code>();
    const activities = { act: (code: string, ...args: never[]) => (codes.get(code) as Code)(...args) };
    const ended = new Promise<void>((resolve) => (end = resolve));
    const { client, withWorker } = rig;
    const step: World['step'] = (code, { args = [], ...activityOptions } = {}) => {
      const name = randomUUID();
      codes.set(name, code);
      return { activity: 'act', args: [name, ...args], options: activityOptions };
    };
    const world = new Promise<World>((resolve, reject) => {
      shared = withWorker({ maxHeartbeatThrottleInterval: 200, store, ...options, activities }, (worker) => {
        const another: World['withWorker'] = (more, work) =>
          withWorker({ maxHeartbeatThrottleInterval: 200, ...more, activities }, work);
        resolve({ ...worker, rig: rig as TemporalRig, client, step, withWorker: another });
        return ended;
      });
      shared.catch(reject);
    });
    const told = await world;
    giveUp = setTimeout(() => void endAll(client), 300_000);
    for (const story of stories) {
      story.told = story.tell(told);
      // Whoever tells it later hears of it.
      story.told.catch(() => undefined);
    }
  });

  afterAll(async () => {
    await Promise.allSettled(stories.map(({ told }) => told ?? Promise.resolve()));
    clearTimeout(giveUp);
    end();
    await shared;
    await rig?.stop();
  });

  return (name, tell) => {
    const story: (typeof stories)[number] = { tell };
    stories.push(story);
    test(name, () => story.told);
  };
}

/** A store in memory that is in use for a while: in a new one, a record that is not there may be a record that was lost. */
export async function grownStore(): Promise<StateStore> {
  const metastore = memoryMetastore();
  const then = Date.now() - 600_000;
  const old = memoryStateStore({ metastore, clock: { now: () => then, sleep: () => Promise.resolve() } });
  await old.asset({ name: 'first' }).set('key', 'value');
  return memoryStateStore({ metastore });
}

/** Ends every workflow, so that what waits for one in vain ends too. */
async function endAll({ workflow }: Client): Promise<void> {
  for await (const { workflowId, runId } of workflow.list({ query: "ExecutionStatus = 'Running'" })) {
    await workflow.getHandle(workflowId, runId).terminate('the test takes too long');
  }
}

/** Heartbeats, and waits, until the attempt is to end; returns the reason. */
export async function stopped(context: Context = Context.current()): Promise<unknown> {
  const { cancellationSignal } = context;
  const timer = setInterval(() => context.heartbeat(context.info.heartbeatDetails), 100);
  try {
    context.heartbeat(context.info.heartbeatDetails);
    await new Promise<void>((resolve) => {
      if (cancellationSignal.aborted) resolve();
      cancellationSignal.addEventListener('abort', () => resolve(), { once: true });
    });
    return cancellationSignal.reason;
  } finally {
    clearInterval(timer);
  }
}

/** What names one activity of a workflow to the server. */
export function named({ workflowId }: WorkflowHandle, id = '1') {
  return { namespace: 'default', identity: 'test', execution: { workflowId }, id };
}

/** The one activity that a workflow waits for, as the server describes it. */
export async function pending(client: Client, { workflowId }: WorkflowHandle) {
  const { pendingActivities } = await client.workflowService.describeWorkflowExecution({
    namespace: 'default',
    execution: { workflowId },
  });
  return pendingActivities?.[0];
}

/** What a workflow failed with: the chain of causes, and the activity's retry state. */
export interface Failed {
  retryState: RetryState | undefined;
  /** The activity's own failure. */
  cause: Error & { type?: string; nonRetryable?: boolean; details?: unknown[] };
}

/** The failure of the activity that a workflow failed with. */
export async function failureOf(handle: WorkflowHandle): Promise<Failed> {
  try {
    await handle.result();
  } catch (error) {
    for (let at = error as Error | undefined; at; at = at.cause as Error | undefined) {
      if (at.name === 'ActivityFailure') return at as unknown as Failed;
    }
    throw error;
  }
  throw new Error('the workflow succeeded');
}

/** Waits until the server shows the activity of a workflow in backoff. */
export async function inBackoff(client: Client, handle: WorkflowHandle, attempt = 2): Promise<void> {
  await until(async () => {
    const activity = await pending(client, handle);
    return activity?.attempt === attempt && Number(activity.state) === SCHEDULED;
  });
}

/** `PENDING_ACTIVITY_STATE_SCHEDULED` of the API. */
const SCHEDULED = 1;

/** Resets a workflow that runs its second step to where it began that; returns the ID of the new run. */
export async function resetAfterOneStep({ workflowService }: Client, { workflowId }: WorkflowHandle): Promise<string> {
  const execution = { namespace: 'default', workflowExecution: { workflowId }, requestId: workflowId, reason: 'test' };
  // 1 is the start, 2 to 4 a workflow task, 5 to 7 the first step, 8 to 10 the task that schedules the second.
  const workflowTaskFinishEventId = 10 as never; // a number serves where the types want a Long
  const reset: { runId: string } = await workflowService.resetWorkflowExecution({ ...execution, workflowTaskFinishEventId });
  return reset.runId;
}

/** Code with what Temporal said of each attempt of it. */
export function noted(code: Code): { seen: Info[]; code: Code } {
  const seen: Info[] = [];
  return {
    seen,
    code: (...args) => {
      seen.push(Context.current().info);
      return code(...args);
    },
  };
}
