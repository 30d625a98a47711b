import { AsyncLocalStorage } from 'node:async_hooks';
import { afterAll, describe, expect } from '@jest/globals';
import { context as otel, ROOT_CONTEXT, trace, type Context as OtelContext, type Tracer } from '@opentelemetry/api';
import { Context } from '@temporalio/activity';
import { defaultPayloadConverter } from '@temporalio/common';
import { NativeConnection, type WorkerPlugin } from '@temporalio/worker';
import { mooringPlugin, resumableActivity, stateInterceptors, taskContext } from '../../../adapters/temporal/index.ts';
import { NotSubmittedError } from '../../../src/index.ts';
import { GENERATIONS } from '../../support/temporal.ts';
import { until } from '../../support/until.ts';
import { externalSystem } from '../../support/external-system.ts';
import { declareStories, failureOf, grownStore, inBackoff, noted, pending } from './world.ts';

/** What Temporal and its people see of an activity, on a real server: heartbeats, failures, plugins and spans. */

const INPUT = { args: ['clip'] };
const SOON = { retry: { initialInterval: 10, backoffCoefficient: 1 } };

describe.each(GENERATIONS)('%s', (generation) => {
  const story = declareStories(generation);

  for (const [name, say] of [
    ['ctx.heartbeat()', () => taskContext().heartbeat({ page: 3 })],
    ['Temporal’s own heartbeat()', () => Context.current().heartbeat({ page: 3 })],
  ] as const) {
    story(`8 our heartbeats keep what ${name} said, also in attempts that say nothing`, async ({ start, step, client }) => {
      const system = externalSystem();
      const { seen, code } = noted(async (input: string) => {
        const context = taskContext();
        if (seen.length === 1) say();
        if (seen.length === 3) return context.run(system.job(), input);
        await context.state.get('anything');
        // Until two heartbeats of ours must have gone out, one third of the timeout apart.
        const waited = Date.now() + 2_500;
        await until(() => Date.now() > waited);
        throw new Error('fell over');
      });
      const handle = await start('steps', step(code, { ...INPUT, heartbeatTimeout: '1 minute', ...SOON }));
      await until(async () => (await pending(client, handle))?.heartbeatDetails != null);
      system.succeed();
      await handle.result();

      expect(seen.map(({ heartbeatDetails }) => heartbeatDetails as unknown)).toEqual([undefined, { page: 3 }, { page: 3 }]);
    });
  }

  story('with reportJobs the pending activity shows its external job with the link, also between two attempts', async (world) => {
    const { client, step, withWorker } = world;
    const system = externalSystem();
    system.progress = 40;
    const transcode = system.job({ name: 'transcode', describe: (id) => ({ url: `https://farm.example/${id}` }) });
    const plugins = [mooringPlugin(await grownStore(), { reportJobs: true })];
    const code = resumableActivity(transcode, { wait: { mode: 'release', holdFor: 0 } });

    const shown = await withWorker({ plugins }, async ({ start }) => {
      const handle = await start('steps', step(code, { ...INPUT, heartbeatTimeout: '10s' }));
      const details = async (): Promise<unknown> => {
        const { heartbeatDetails } = (await pending(client, handle)) ?? {};
        const [payload] = heartbeatDetails?.payloads ?? [];
        return payload && defaultPayloadConverter.fromPayload(payload);
      };
      await inBackoff(client, handle);
      const between = await details();
      system.succeed();
      await handle.result();
      return between;
    });

    const url = 'https://farm.example/job-1';
    expect(shown).toEqual({ mooring: { transcode: { state: 'active', progress: 40, externalId: 'job-1', url } } });
  });

  story('a workflow shows the external job that one activity submits and the next one waits for', async (world) => {
    const { client, start, step } = world;
    const system = externalSystem();
    const scope = { workflowRun: 'video' };
    const submit = step((input: string) => taskContext(scope).submit(system.job(), input), INPUT);
    const wait = step((input: string) => taskContext(scope).run(system.job(), input), INPUT);

    const handle = await start('shown', submit, wait);
    await until(async () => (await pending(client, handle))?.activityId === '2');
    const { memo } = await handle.describe();
    const { currentDetails } = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
    system.succeed();

    expect(await handle.result()).toBe('result of job-1');
    expect({ memo, currentDetails }).toEqual({ memo: { externalJob: 'job-1' }, currentDetails: 'waits for job-1' });
    expect(system.submits).toBe(1);
  });

  story('22 a failure’s type is the error’s code, and a retry policy can name it', async ({ start, step }) => {
    const system = externalSystem();
    system.beforeReply = () => Promise.reject(new NotSubmittedError('no room'));
    const { seen, code } = noted(resumableActivity(system.job()));
    const retry = { nonRetryableErrorTypes: ['mooring.not-submitted'] };
    const { cause, retryState } = await failureOf(await start('steps', step(code, { ...INPUT, retry })));

    expect(cause).toMatchObject({ type: 'mooring.not-submitted', nonRetryable: false });
    expect(retryState).toBe('NON_RETRYABLE_FAILURE');
    expect(seen).toHaveLength(1);
  });

  story('13 without such a policy the error is retried, and the next attempt submits', async ({ run, step }) => {
    const system = externalSystem();
    system.succeed();
    system.beforeReply = () => (system.submits === 1 ? Promise.reject(new NotSubmittedError('no room')) : undefined);
    const { seen, code } = noted(resumableActivity(system.job()));

    expect(await run('steps', step(code, { ...INPUT, ...SOON }))).toBe('result of job-2');
    expect(seen).toHaveLength(2);
  });

  story('14 a plugin given to the connection and to the worker acts once', async ({ rig, step, withWorker }) => {
    const plugin = mooringPlugin(await grownStore());
    const connection = await NativeConnection.connect({ address: rig.address, plugins: [plugin] });
    const order: number[] = [];
    const count: WorkerPlugin = {
      name: 'count',
      configureWorker(options) {
        order.push(options.interceptors?.activity?.length ?? 0);
        return options;
      },
    };
    const system = externalSystem();
    system.succeed();
    // Our plugin of the worker comes first, and that of the connection again after this one.
    const result = await withWorker({ connection, plugins: [plugin, count] }, ({ run, worker }) => {
      expect(worker.options.interceptors.activity).toHaveLength(1);
      return run('steps', step(resumableActivity(system.job()), INPUT));
    });
    await connection.close();

    expect(result).toBe('result of job-1');
    expect(order).toEqual([1]);
    expect(system.submits).toBe(1);
  });

  story('without plugins, interceptors alone give activities their state', async ({ step, withWorker }) => {
    const system = externalSystem();
    system.succeed();
    const interceptors = { activity: [stateInterceptors(await grownStore())] };
    const result = await withWorker({ plugins: [], interceptors }, ({ run }) =>
      run('steps', step(resumableActivity(system.job()), INPUT)),
    );

    expect(result).toBe('result of job-1');
  });

  story('spans are children of the one that is active in the activity', async ({ run, step }) => {
    const system = externalSystem();
    system.succeed();
    const activity = resumableActivity(system.job());
    const parent = trace.setSpanContext(ROOT_CONTEXT, { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 });
    await run(
      'steps',
      step((input: string) => otel.with(parent, () => activity(input)), INPUT),
    );

    expect(spans).toContainEqual({ name: 'mooring.decide', parent: '2'.repeat(16) });
  });
});

const active = new AsyncLocalStorage<OtelContext>();
const spans: { name: string; parent: string | undefined }[] = [];

otel.setGlobalContextManager({
  active: () => active.getStore() ?? ROOT_CONTEXT,
  with: (context, work, receiver, ...args) => active.run(context, () => work.apply(receiver, args)),
  bind: (_, target) => target,
  enable: () => {
    throw new Error('not used');
  },
  disable: () => {
    throw new Error('not used');
  },
});
trace.setGlobalTracerProvider({
  getTracer: () =>
    ({
      startSpan(name: string) {
        spans.push({ name, parent: trace.getSpanContext(otel.active())?.spanId });
        return trace.wrapSpanContext({ traceId: '1'.repeat(32), spanId: '3'.repeat(16), traceFlags: 1 });
      },
    }) as unknown as Tracer,
});
afterAll(() => trace.disable());
