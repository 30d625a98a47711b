import { setMaxListeners } from 'node:events';
import type { ActivityInterceptorsFactory, WorkerPlugin } from '@temporalio/worker';
import type { StateStore } from '../../src/adapter-kit.ts';
import { execute } from './activity/run.ts';
import { checkActivityOptions, type ActivityStateOptions } from './options.ts';
import { running, type RunSetup } from './activity/running.ts';

/** Gives the activities of a worker their state, by a plugin or only by its interceptors. */

/** What the executions of one worker share. */
function runSetup(store: StateStore, options: ActivityStateOptions): RunSetup {
  checkActivityOptions(store, options);
  const shutdown = new AbortController();
  // Each running activity listens.
  setMaxListeners(0, shutdown.signal);
  return { store, options, converter: undefined, shutdown, settling: new Set() };
}

function interceptors(setup: RunSetup): ActivityInterceptorsFactory {
  return (context) => ({
    inbound: {
      async execute(input, next) {
        const outer = running.getStore();
        if (outer?.context !== context) return execute(setup, context, () => next(input));
        outer.join(setup);
        return next(input);
      },
    },
  });
}

/**
 * Gives every activity of a worker its state, for workers without plugins, and for tests with `MockActivityEnvironment`. Each
 * test needs its own store, or another `attempt` or `activityId`. Without the plugin a worker that shuts down ends a wait only
 * after its `shutdownGraceTime`.
 *
 * @throws {@link ConfigError} for an invalid option.
 */
export function stateInterceptors(store: StateStore, options: ActivityStateOptions = {}): ActivityInterceptorsFactory {
  return interceptors(runSetup(store, options));
}

/**
 * Gives the activities of a worker their state. One plugin may serve several workers, and may be given to both a connection and a
 * worker. The store stays yours to close. List it after plugins whose interceptors should see its activities from outside, such
 * as tracing.
 *
 * @throws {@link ConfigError} for an invalid option.
 */
export function mooringPlugin(store: StateStore, options: ActivityStateOptions = {}): WorkerPlugin {
  checkActivityOptions(store, options);
  const setups = new WeakMap<ActivityInterceptorsFactory, RunSetup>();
  const ours = (factories: readonly ActivityInterceptorsFactory[] = []): RunSetup | undefined =>
    factories.map((factory) => setups.get(factory)).find((setup) => setup);
  return {
    name: 'mooring',
    configureWorker(worker) {
      const { activity = [] } = worker.interceptors ?? {};
      // The plugin may be applied twice: through the connection and through the worker.
      if (ours(activity)) return worker;
      const setup = runSetup(store, options);
      const factory = interceptors(setup);
      setups.set(factory, setup);
      return { ...worker, interceptors: { ...worker.interceptors, activity: [...activity, factory] } };
    },
    async runWorker(worker, next) {
      const setup = ours(worker.options.interceptors?.activity);
      if (!setup) return next(worker);
      // Read here, since plugins after this one may have set the converter.
      setup.converter = worker.options.loadedDataConverter;
      const { shutdown } = worker;
      // Without this, activities hear of a shutdown only after `shutdownGraceTime`. Signals, fatal errors and `runUntil()` come
      // this way too.
      worker.shutdown = () => {
        shutdown.call(worker);
        setup.shutdown.abort();
      };
      try {
        await next(worker);
      } finally {
        worker.shutdown = shutdown;
        await Promise.allSettled(setup.settling);
      }
    },
  };
}
