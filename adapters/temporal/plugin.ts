import { setMaxListeners } from 'node:events';
import type { ActivityInterceptorsFactory, WorkerPlugin } from '@temporalio/worker';
import type { StateStore } from '../../src/adapter-kit.ts';
import { execute } from './activity/run.ts';
import { checkActivityOptions, type ActivityStateOptions } from './options.ts';
import { running, type RunSetup } from './activity/running.ts';

/** How the activities of a worker come to their state: by a plugin, or by its interceptors alone. */

/** What the executions of one worker share. */
function runSetup(store: StateStore, options: ActivityStateOptions): RunSetup {
  checkActivityOptions(store, options);
  const shutdown = new AbortController();
  // Each activity that is running listens.
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
 * Gives every activity of a worker its state, for those who do not use plugins, and for tests with `MockActivityEnvironment`, which
 * need a store each, or another `attempt` or `activityId`. Without the plugin a worker that shuts down ends a wait only after its
 * `shutdownGraceTime`.
 *
 * @throws {@link ConfigError} for an invalid option.
 */
export function stateInterceptors(store: StateStore, options: ActivityStateOptions = {}): ActivityInterceptorsFactory {
  return interceptors(runSetup(store, options));
}

/**
 * Gives the activities of a worker their state. One plugin may serve several workers, and may be given to a connection and to a
 * worker both; the store stays yours to close. List it after plugins whose interceptors should see its activities from outside, such as tracing.
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
      // Applied twice: once through the connection, once through the worker.
      if (ours(activity)) return worker;
      const setup = runSetup(store, options);
      const factory = interceptors(setup);
      setups.set(factory, setup);
      return { ...worker, interceptors: { ...worker.interceptors, activity: [...activity, factory] } };
    },
    async runWorker(worker, next) {
      const setup = ours(worker.options.interceptors?.activity);
      if (!setup) return next(worker);
      // Here and not above: plugins after this one may have set the converter.
      setup.converter = worker.options.loadedDataConverter;
      const { shutdown } = worker;
      // Activities hear of it only once shutdownGraceTime is over. Signals, fatal errors and runUntil() come this way too.
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
