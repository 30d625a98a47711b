import type { WorkerPlugin } from '@temporalio/worker';
import type { StateStore } from '../../src/index.ts';
import { createInterceptors } from './interceptors.ts';
import { largestDetails } from './largest-details.ts';
import type { ActivityStateOptions } from './options.ts';

/**
 * Gives the activities of a worker their state. One plugin may serve several workers, and may be given to a connection and to a
 * worker both; the store stays yours to close. List it after plugins whose interceptors should see its activities from outside, such as tracing.
 *
 * @throws {@link ConfigError} for an option that cannot be meant.
 */
export function mooringPlugin(store: StateStore, options: ActivityStateOptions = {}): WorkerPlugin {
  const { factory, limitDetails, drain } = createInterceptors(store, options);
  return {
    name: 'mooring',
    configureWorker(worker) {
      const activity = worker.interceptors?.activity ?? [];
      // Applied twice: once through the connection, once through the worker.
      if (activity.includes(factory)) return worker;
      return { ...worker, interceptors: { ...worker.interceptors, activity: [...activity, factory] } };
    },
    async runWorker(worker, next) {
      // Here and not above: plugins after this one may have set the converter.
      limitDetails(largestDetails(worker.options.loadedDataConverter));
      try {
        await next(worker);
      } finally {
        await drain();
      }
    },
  };
}
