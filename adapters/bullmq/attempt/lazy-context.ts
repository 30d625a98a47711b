import type { StateShape, TaskContext } from '../../../src/adapter-kit.ts';

/** A context whose attempt begins at its first use: a job that uses no state sends no command. */
export function lazyContext<Shape extends StateShape<Shape>>(begun: () => TaskContext<Shape>): TaskContext<Shape> {
  return {
    get scope() {
      return begun().scope;
    },
    get attempt() {
      return begun().attempt;
    },
    get signal() {
      return begun().signal;
    },
    get state() {
      return begun().state;
    },
    asset: (scope) => begun().asset(scope),
    item: (item) => begun().item(item),
    idempotencyKey: (name) => begun().idempotencyKey(name),
    run: (job, input, options) => begun().run(job, input, options),
    submit: (job, input) => begun().submit(job, input),
    decide: (job, input) => begun().decide(job, input),
  };
}
