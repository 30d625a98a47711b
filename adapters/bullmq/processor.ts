import { callable, requireExternalJob, requireKnownNames } from '../../src/adapter-kit.ts';
import type { AnyShape, ExternalId, ExternalJob, StateShape, StateStore, TaskContext } from '../../src/adapter-kit.ts';
import { withSetup } from './worker/lifecycle.ts';
import type { ProcessorOptions } from './options.ts';
import { runAttempt } from './attempt/run.ts';
import type { BullJob, ResumableProcessor } from './runtime.ts';
import { createSetup, type Setup } from './worker/setup.ts';

/** The three ways to give a BullMQ job its state. */

/**
 * A processor whose tasks have state. The next attempt of the same job finds what `process` stored, and the external jobs that it
 * ran.
 *
 * @throws {@link ConfigError} for an invalid option.
 */
export function withState<J extends BullJob, Result, Shape extends StateShape<Shape> = AnyShape>(
  store: StateStore,
  process: (job: J, ctx: TaskContext<Shape>, token?: string) => Promise<Result>,
  options: ProcessorOptions<J> = {},
): ResumableProcessor<J, Result> {
  callable(process, 'process');
  return processorOf(createSetup(store, options), process);
}

/**
 * A processor that runs one external job with the BullMQ job's data as its input: `ctx.run(job, data)`.
 *
 * @throws {@link ConfigError} for an invalid option.
 */
export function resumableProcessor<Input, Id extends ExternalId, Result>(
  store: StateStore,
  job: ExternalJob<Input, Id, Result>,
  options: ProcessorOptions<BullJob<Input>> = {},
): ResumableProcessor<BullJob<Input>, Result> {
  requireExternalJob(job, 'job');
  return processorOf(createSetup(store, options, [job]), ({ data }: BullJob<Input>, ctx: TaskContext) => ctx.run(job, data));
}

/**
 * As `withState()`, for a framework that calls a method of its own: wrap the method's body. The method must take three parameters
 * too, or BullMQ gives it no signal.
 *
 * @throws {@link ConfigError} for an invalid option.
 */
export async function runWithState<J extends BullJob, Result, Shape extends StateShape<Shape> = AnyShape>(
  store: StateStore,
  call: { job: J; token: string | undefined; signal: AbortSignal | undefined },
  process: (ctx: TaskContext<Shape>) => Promise<Result>,
  options: ProcessorOptions<J> = {},
): Promise<Result> {
  callable(process, 'process');
  requireKnownNames('call', call, { job: true, token: true, signal: true });
  return runAttempt(createSetup(store, options), call, process);
}

function processorOf<J extends BullJob, Result, Shape extends StateShape<Shape>>(
  setup: Setup,
  process: (job: J, ctx: TaskContext<Shape>, token?: string) => Promise<Result>,
): ResumableProcessor<J, Result> {
  // Declares exactly three parameters, none with a default: BullMQ counts them.
  return withSetup(async function resumable(job: J, token?: string, signal?: AbortSignal): Promise<Result> {
    return runAttempt(setup, { job, token, signal }, (ctx: TaskContext<Shape>) => process(job, ctx, token));
  }, setup);
}
