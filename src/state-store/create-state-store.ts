import { systemTimer, type Timer } from '../async/deadline.ts';
import type { StateEvent } from '../observe/events.ts';
import { openMetastore } from '../metastore/metastore.ts';
import { assetScope, taskScope } from '../model/check-scope.ts';
import { countEvent } from '../observe/telemetry.ts';
import { unfencedAccess } from './handle/access.ts';
import { withCore, type StoreCore } from './internals.ts';
import { createTakeBody } from './write/fresh-body.ts';
import { beforeFirstObject } from './objects/generation.ts';
import { createStateHandle } from './handle/handle.ts';
import { createInFlight } from './in-flight.ts';
import { resolveOptions, type ResolvedOptions, type StateStoreOptions } from './options.ts';
import { ready } from './ready.ts';
import { createShareSignal } from '../async/shared-signal.ts';
import type { StateStore } from './state-store.ts';
import { createTurns } from './codec-queue.ts';

/**
 * Codecs work in the four threads that files and names of hosts are looked up in as well. One is left to those: 32 codecs at once
 * make a `stat` wait 13 ms, three at once 1 ms, and they are done as soon.
 */
const CODECS_AT_ONCE = 3;

/**
 * State of tasks and assets, in the stores that are given. Does no I/O.
 *
 * @throws {@link ConfigError} for an option that cannot be meant.
 */
export function createStateStore(options: StateStoreOptions): StateStore {
  return openStateStore(options, systemTimer);
}

/** `createStateStore()` with deadlines that a test, or a seeded scheduler, can own. */
export function openStateStore(options: StateStoreOptions, timer: Timer): StateStore {
  const resolved = resolveOptions(options);
  const { namespace, commandTimeout, clock, random, logger } = resolved;
  const flight = createInFlight();
  const core: StoreCore = {
    ...resolved,
    metastore: openMetastore(resolved.metastore, { namespace, commandTimeout, clock, timer, random, logger }),
    timer,
    beforeObject: beforeFirstObject(() => core),
    shareSignal: createShareSignal(),
    takeBody: createTakeBody(),
    codecTurn: createTurns(CODECS_AT_ONCE),
    usedJobs: new Map(),
    emit: emitter(resolved),
    track: flight.track,
    beside: flight.beside,
    closing: flight.closing,
  };
  return withCore(
    {
      task: (scope) => createStateHandle(core, taskScope(scope), unfencedAccess(random)),
      asset: (scope) => createStateHandle(core, assetScope(scope), unfencedAccess(random)),
      ready: (call = {}) => core.track(() => ready(core, call)),
      close: flight.close,
      [Symbol.asyncDispose]: flight.close,
    },
    core,
  );
}

function emitter({ onEvent, logger }: Pick<ResolvedOptions, 'onEvent' | 'logger'>): (event: StateEvent) => void {
  // A listener may be an async function: its type lets it pass, and its rejection would end the process.
  const listener: ((event: StateEvent) => unknown) | undefined = onEvent;
  return (event) => {
    const failed = (error: unknown): void => {
      try {
        logger?.error({ err: error, event: event.type }, 'onEvent threw');
      } catch {
        // There is nobody left to tell.
      }
    };
    try {
      countEvent(event);
      void Promise.resolve(listener?.(event)).catch(failed);
    } catch (error) {
      failed(error);
    }
  };
}
