import type { AnyShape, ExternalId, ExternalJob, JsonValue, RunOptions, StateShape, TaskContext, Wait } from '../../src/index.ts';

/** What an activity sees of its attempt: the task context of every runtime, and two things that only Temporal has. */

/** How an activity waits. `async`: a webhook completes it; where none comes, its `startToCloseTimeout` lets the next attempt look. */
export type ActivityWait = Wait | { mode: 'async' };

/** Options of `run()` in an activity. */
export interface ActivityRunOptions extends Omit<RunOptions, 'wait'> {
  /**
   * How the activity waits for the external job.
   * @defaultValue `{ mode: 'hold' }`
   */
  wait?: ActivityWait;
}

/** One attempt of one activity. */
export interface ActivityContext<out Shape extends StateShape<Shape> = AnyShape> extends TaskContext<Shape> {
  /** As in every context. With `wait: { mode: 'async' }` it must be the last thing that the activity does: the webhook's result is the activity's. */
  run<Input, Id extends ExternalId, Result>(
    job: ExternalJob<Input, Id, Result>,
    input: Input,
    options?: ActivityRunOptions,
  ): Promise<Result>;
  item<S extends StateShape<S> = Shape>(item: string | number): ActivityContext<S>;
  /** In place of Temporal's own: the details are sent again with every heartbeat of ours. Temporal's own does the same here. */
  heartbeat(details: JsonValue): void;
}

/** What of a context is Temporal's. */
export interface ActivityParts {
  heartbeat(details: JsonValue): void;
  /** The way to wait that the core knows, given the one that was asked for. */
  wait(asked: ActivityWait | undefined): Wait;
}

/** A task's context as an activity sees it. */
export function activityContext<Shape extends StateShape<Shape>>(
  context: TaskContext<Shape>,
  parts: ActivityParts,
): ActivityContext<Shape> {
  const { scope, attempt, signal, state } = context;
  return {
    scope,
    attempt,
    signal,
    state,
    asset: (asset) => context.asset(asset),
    item: (item) => activityContext(context.item(item), parts),
    idempotencyKey: (name) => context.idempotencyKey(name),
    decide: (job, input) => context.decide(job, input),
    submit: (job, input) => context.submit(job, input),
    run(job, input, options = {}) {
      if (typeof options !== 'object' || options === null) return context.run(job, input, options);
      return context.run(job, input, { ...options, wait: parts.wait(options.wait) });
    },
    heartbeat: (details) => parts.heartbeat(details),
  };
}
