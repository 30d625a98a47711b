import type { ActivityInterceptorsFactory } from '@temporalio/worker';
import type { StateStore } from '../../src/index.ts';
import { activityRun } from './activity-run.ts';
import { forTemporal } from './errors.ts';
import { LARGEST_DETAILS } from './largest-details.ts';
import { checkOptions, type ActivityStateOptions } from './options.ts';
import { counterOf } from './reporting.ts';
import { inRun } from './running.ts';

/** Where Temporal's executions of activities and our attempts meet. */

/** An interceptors factory that can be waited for. */
export interface StateInterceptors {
  readonly factory: ActivityInterceptorsFactory;
  /** Bytes of JSON that a heartbeat's details may have at most, from now on. */
  limitDetails(bytes: number): void;
  /** Resolves when nothing that ended activities have begun goes on. */
  drain(): Promise<void>;
}

/**
 * Gives every activity of a worker its state, for those who do not use plugins, and for tests with `MockActivityEnvironment`.
 *
 * @throws {@link ConfigError} for an option that cannot be meant.
 */
export function stateInterceptors(store: StateStore, options: ActivityStateOptions = {}): ActivityInterceptorsFactory {
  return createInterceptors(store, options).factory;
}

/** The interceptors with what they leave running. */
export function createInterceptors(store: StateStore, options: ActivityStateOptions): StateInterceptors {
  checkOptions(store, options);
  const settling = new Set<Promise<void>>();
  let largestDetails = LARGEST_DETAILS;
  const factory: ActivityInterceptorsFactory = (context) => ({
    inbound: {
      async execute(input, next) {
        const run = activityRun({ store, options, largestDetails }, context);
        let returned = false;
        try {
          const result = await inRun(run, () => next(input));
          returned = true;
          return result;
        } catch (error) {
          const failure = forTemporal(error, run.signals());
          if (failure !== error) counterOf(context)('mooring_failures', { code: codeOf(failure) });
          throw failure;
        } finally {
          await run.end();
          // Beside the completion: the retention is shortened for good only once the attempt cannot be repeated, and an attempt
          // that is repeated takes the end away again.
          if (returned) {
            const settled = run.succeed().finally(() => void settling.delete(settled));
            settling.add(settled);
          }
        }
      },
    },
  });
  return {
    factory,
    limitDetails: (bytes) => void (largestDetails = Math.min(largestDetails, bytes)),
    async drain() {
      await Promise.allSettled(settling);
    },
  };
}

function codeOf(failure: unknown): string {
  const { type } = failure as { type?: unknown };
  return typeof type === 'string' ? type : 'other';
}
