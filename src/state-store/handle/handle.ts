import { requireCall, type CallOptions } from '../../async/deadline.ts';
import { ConfigError, located, VersionConflictError, wrongKind } from '../../model/errors/store.ts';
import { parseWriteId, type Version } from '../../format/write-id.ts';
import { keyName, objectKey } from '../../format/path.ts';
import { scopeAddress } from '../../metastore/metastore.ts';
import { type OptionNames } from '../../model/check-options.ts';
import { callable } from '../../model/checks.ts';
import { retentionMs, type RetentionMs } from '../../model/retention.ts';
import { isTaskScope, type AssetScope, type TaskScope } from '../../model/scope.ts';
import type { SharedCall } from '../../async/shared-signal.ts';
import type { AnyShape, StateShape } from '../../model/storable.ts';
import { clear } from './clear.ts';
import { getOrSet, update } from './compare-and-set.ts';
import type { Internals } from '../internals.ts';
import { publicEntry, type Access, type HandleDeps } from './deps.ts';
import { listEntries } from './listing.ts';
import type { ValueAddress } from '../objects/new-object.ts';
import { serializeValue } from '../write/prepare-value.ts';
import { openStream, readAll, readValue, readVersion } from '../read/read.ts';
import type { Entry, SetOptions, StateHandle, WriteOptions } from '../state-handle.ts';
import { entryOf, write, type Content } from '../write/write.ts';

/** The public face of a scope's state: checks what it is given before any I/O, and counts what is in flight. */

const WRITE: OptionNames<WriteOptions> = { signal: true, retention: true };
const SET: OptionNames<SetOptions> = { ...WRITE, ifVersion: true };
const LIST = { signal: true, prefix: true } as const;
const CLEAR = { signal: true, allItems: true } as const;
const WITHOUT_SIGNAL: CallOptions = {};

/**
 * A handle on the state of a scope that was checked, in the name that `access` gives. Does no I/O.
 */
export function createStateHandle<Shape extends StateShape<Shape> = AnyShape>(
  core: Internals,
  scope: TaskScope | AssetScope,
  access: Access,
): StateHandle<Shape> {
  const isTask = isTaskScope(scope);
  const deps: HandleDeps = {
    core,
    scope,
    address: scopeAddress(scope),
    access,
    fenced: access.fenced && isTask,
    retention: isTask ? core.retention : 'forever',
  };
  /** `names`: the allowed options, if a misspelt one would change what happens. */
  const run = <T>(
    key: string | undefined,
    options: CallOptions,
    operation: (call: CallOptions) => Promise<T>,
    names?: Readonly<Record<string, true>>,
  ): Promise<T> => {
    const counted = async (): Promise<T> => {
      let shared: SharedCall | undefined;
      let entered = false;
      try {
        core.enter();
        entered = true;
        requireCall(options, names);
        if (options.signal) shared = core.shareSignal(options.signal);
        return await operation(shared ? shared.call : WITHOUT_SIGNAL);
      } catch (error) {
        throw located(error, { scope, key });
      } finally {
        shared?.leave();
        if (entered) core.leave();
      }
    };
    return access.during(counted);
  };
  const handle: StateHandle = {
    get: (key, options = {}) => run(key, options, async (call) => (await readValue(deps, checkKey(deps, key), call))?.value),
    getEntry: (key, options = {}) => run(key, options, (call) => getEntry(deps, key, call)),
    getMany: (keys, options = {}) => run(undefined, options, (call) => getMany(deps, keys, call)) as Promise<object>,
    set(key, value, options = {}) {
      const contentOf = (address: ValueAddress): Content => serializeValue(core, address, value);
      return run(key, options, (call) => set(deps, key, contentOf, options, call), SET);
    },
    getStream: (key, options = {}) => run(key, options, () => openStream(deps, checkKey(deps, key), options)),
    setStream(key, body, options = {}) {
      const contentOf = (): Content => {
        core.takeBody(body);
        return { type: 'stream', body };
      };
      return run(key, options, (call) => set(deps, key, contentOf, options, call), SET);
    },
    setMany: (values, options = {}) => run(undefined, options, (call) => setMany(deps, values, options, call), WRITE),
    getOrSet(key, create, options = {}) {
      const operation = async (call: CallOptions): Promise<unknown> => {
        callable(create, 'create');
        return getOrSet(deps, checkKey(deps, key), create, retentionOf(deps, options), call);
      };
      return run(key, options, operation, WRITE);
    },
    update(key, change, options = {}) {
      const operation = async (call: CallOptions): Promise<unknown> => {
        callable(change, 'change');
        return update(deps, checkKey(deps, key), change, retentionOf(deps, options), call);
      };
      return run(key, options, operation, WRITE);
    },
    delete(key, options = {}) {
      return run(key, options, async (call) => {
        await write(deps, [{ address: checkKey(deps, key), put: undefined, expect: undefined }], call);
      });
    },
    async *entries(options = {}) {
      for (const entry of await run(undefined, options, (call) => listEntries(deps, options.prefix, call), LIST)) {
        options.signal?.throwIfAborted();
        yield entry;
      }
    },
    clear: (options = {}) => run(undefined, options, (call) => clear(deps, call, options.allItems), CLEAR),
  };
  return handle as unknown as StateHandle<Shape>;
}

/** As long as the longest name of an object, so that every key has the same limit. */
const OBJECT_NAME = 'x'.repeat(128);

/**
 * Checks a key. The check is the same for values that stay inline: whether a key is valid must not depend on the size of a value.
 */
function checkKey({ core, scope, address: { path } }: HandleDeps, key: string): ValueAddress {
  const name = keyName(key);
  objectKey(core.namespace, path, name, OBJECT_NAME);
  return { path, name, key, scope };
}

async function getEntry(deps: HandleDeps, key: string, call: CallOptions): Promise<(Entry & { value: unknown }) | undefined> {
  const loaded = await readValue(deps, checkKey(deps, key), call);
  return loaded && { ...publicEntry(key, loaded.entry), value: loaded.value };
}

async function getMany(deps: HandleDeps, keys: readonly string[], call: CallOptions): Promise<Record<string, unknown>> {
  if (!Array.isArray(keys)) throw new ConfigError('keys', 'must be an array of keys', keys);
  const addresses = [...new Set<string>(keys)].map((key) => checkKey(deps, key));
  if (addresses.length === 0) return {};
  const values = await readAll(deps, addresses, call);
  // Not by assignment: a key may be `__proto__`.
  return Object.fromEntries(addresses.flatMap(({ key }, index) => (values[index] ? [[key, values[index].value]] : [])));
}

async function set(
  deps: HandleDeps,
  key: string,
  contentOf: (address: ValueAddress) => Content,
  options: SetOptions,
  call: CallOptions,
): Promise<Entry> {
  const expect = expected(options);
  const retention = retentionOf(deps, options);
  const address = checkKey(deps, key);
  const written = await write(deps, [{ address, put: { value: contentOf(address), retention }, expect }], call);
  if (written.kind === 'conflict') throw new VersionConflictError(written.current, address);
  if (written.kind === 'old' && expect !== undefined) {
    throw new VersionConflictError((await readVersion(deps, address, call)) ?? 'absent', address);
  }
  return entryOf(written, 0);
}

async function setMany(deps: HandleDeps, values: object, options: WriteOptions, call: CallOptions): Promise<void> {
  if (typeof values !== 'object' || values === null || Array.isArray(values) || ArrayBuffer.isView(values)) {
    throw wrongKind('values', 'must be an object that holds values by key', values);
  }
  const retention = retentionOf(deps, options);
  const given = Object.entries(values).filter(([, value]) => value !== undefined);
  const drafts = given.map(([key, value]) => {
    const address = checkKey(deps, key);
    return { address, put: { value: serializeValue(deps.core, address, value), retention }, expect: undefined };
  });
  if (drafts.length === 0) return;
  // `old`: a later write of this handle to one of the keys came first. Nothing was written, so all are written again.
  while ((await write(deps, drafts, call)).kind === 'old') call.signal?.throwIfAborted();
}

function retentionOf(deps: HandleDeps, { retention }: WriteOptions): RetentionMs {
  return retention === undefined ? deps.retention : retentionMs(retention, 'retention');
}

function expected(options: SetOptions): Version | 'absent' | undefined {
  if (!('ifVersion' in options)) return undefined;
  const { ifVersion } = options;
  const sound = typeof ifVersion === 'string' && (ifVersion === 'absent' || parseWriteId(ifVersion) !== undefined);
  if (!sound) throw new ConfigError('ifVersion', "must be the version of an entry or 'absent'", ifVersion);
  return ifVersion;
}
