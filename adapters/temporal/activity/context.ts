import type { AnyShape, ExternalId, ExternalJob, JsonValue, RunOptions, StateShape } from '../../../src/adapter-kit.ts';
import type { TaskContext, Wait } from '../../../src/adapter-kit.ts';

/** The activity's view of its attempt: the task context of every runtime, and two parts that only Temporal has. */

/**
 * How an activity waits. `async`: a webhook completes it; if none comes, its `startToCloseTimeout` lets the next attempt poll.
 */
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
  /** Replaces Temporal's own: the details are sent again with every automatic heartbeat. Temporal's own does the same here. */
  heartbeat(details: JsonValue): void;
}

/** The parts of a context that are Temporal's. */
export interface ActivityParts {
  heartbeat(details: JsonValue): void;
  /** Calls `work` with the core's way to wait for the one that was asked for. */
  run<Result>(asked: ActivityWait | undefined, work: (wait: Wait) => Promise<Result>): Promise<Result>;
}

/**
 * A task's context as an activity sees it. Promises of runs are the core's own: a derived promise could reject while nobody
 * listens yet, which ends the process.
 */
export function activityContext<Shape extends StateShape<Shape>>(
  context: TaskContext<Shape>,
  parts: ActivityParts,
): ActivityContext<Shape> {
  return {
    ...context,
    heartbeat: parts.heartbeat,
    item: (item) => activityContext(context.item(item), parts),
    run: (job, input, options) => parts.run(options?.wait, (wait) => context.run(job, input, { ...options, wait })),
  };
}
