import { systemTimer, type Timer } from '../async/deadline.ts';
import type { StateEvent } from '../observe/events.ts';
import { openMetastore } from '../metastore/metastore.ts';
import { assetScope, taskScope } from '../model/check-scope.ts';
import { countEvent } from '../observe/telemetry.ts';
import { unfencedAccess } from './handle/deps.ts';
import { withInternals, type Internals } from './internals.ts';
import { createTakeBody } from './write/fresh-body.ts';
import { beforeFirstObject } from './objects/lineage.ts';
import { createStateHandle } from './handle/handle.ts';
import { createInFlight } from './in-flight.ts';
import { resolveOptions, type ResolvedOptions, type StateStoreOptions } from './options.ts';
import { ready } from './ready.ts';
import { createShareSignal } from '../async/shared-signal.ts';
import type { StateStore } from './state-store.ts';
import { createQueue } from '../async/concurrency.ts';

/**
 * Codecs share Node's four pool threads with file access and host name lookups. One thread is left to those. With 32 codecs at
 * once a `stat` waits 13 ms, with three 1 ms, and the codecs are done as soon.
 */
const CODECS_AT_ONCE = 3;

/**
 * Makes the store for the state of tasks and assets, on top of the given stores. Does no I/O.
 *
 * @throws {@link ConfigError} for an invalid option.
 */
export function createStateStore(options: StateStoreOptions): StateStore {
  return createStateStoreWith(options, systemTimer);
}

/** `createStateStore()` with deadlines that a test, or a seeded scheduler, can own. */
export function createStateStoreWith(options: StateStoreOptions, timer: Timer): StateStore {
  const resolved = resolveOptions(options);
  const { namespace, commandTimeout, clock, random, logger } = resolved;
  const core: Internals = {
    ...resolved,
    ...createInFlight(),
    metastore: openMetastore(resolved.metastore, { namespace, commandTimeout, clock, timer, random, logger }),
    timer,
    beforeObject: beforeFirstObject(() => core),
    shareSignal: createShareSignal(),
    takeBody: createTakeBody(),
    codecQueue: createQueue(CODECS_AT_ONCE),
    usedJobs: new Map(),
    emit: emitter(resolved),
  };
  return withInternals(
    {
      task: (scope) => createStateHandle(core, taskScope(scope), unfencedAccess(random)),
      asset: (scope) => createStateHandle(core, assetScope(scope), unfencedAccess(random)),
      ready: (call = {}) => core.track(() => ready(core, call)),
      close: core.close,
      [Symbol.asyncDispose]: core.close,
    },
    core,
  );
}

function emitter({ onEvent, logger }: Pick<ResolvedOptions, 'onEvent' | 'logger'>): (event: StateEvent) => void {
  // A listener may be an async function: its type lets it pass, and its rejection would end the process.
  const listener: ((event: StateEvent) => unknown) | undefined = onEvent;
  const tell = async (event: StateEvent): Promise<void> => {
    try {
      countEvent(event);
      await listener?.(event);
    } catch (error) {
      logger?.error({ err: error, event: event.type }, 'onEvent threw');
    }
  };
  // Nobody is left to hear what the logger throws.
  return (event) => void tell(event).catch(() => undefined);
}
