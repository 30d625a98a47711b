import type { RunOptions, StateShape, TaskContext, TaskScope, Wait } from '../../src/index.ts';

/** What the adapter wants to hear, and to say, of what a task does. */
export interface Observer {
  /** A task is about to use an external job. */
  uses(scope: TaskScope, job: object): void;
  /** The way to wait, given the one that was asked for. */
  wait(asked: Wait | undefined): Wait;
}

/** The same context, observed. */
export function observed<Shape extends StateShape<Shape>>(context: TaskContext<Shape>, observer: Observer): TaskContext<Shape> {
  const { scope, attempt, signal, state } = context;
  return {
    scope,
    attempt,
    signal,
    state,
    asset: (asset) => context.asset(asset),
    item: (item) => observed(context.item(item), observer),
    idempotencyKey: (name) => context.idempotencyKey(name),
    decide: (job, input) => context.decide(job, input),
    submit(job, input) {
      observer.uses(scope, job);
      return context.submit(job, input);
    },
    run(job, input, options: RunOptions = {}) {
      observer.uses(scope, job);
      if (typeof options !== 'object' || options === null) return context.run(job, input, options);
      return context.run(job, input, { ...options, wait: observer.wait(options.wait) });
    },
  };
}
