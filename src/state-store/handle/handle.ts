import { requireCall, type CallOptions } from '../../async/deadline.ts';
import { ConfigError, located, VersionConflictError } from '../../model/errors/store.ts';
import { parseWriteId, type Version } from '../../format/write-id.ts';
import type { OptionNames } from '../../model/check-options.ts';
import { retentionMs, type RetentionMs } from '../../model/retention.ts';
import { assetScope, taskScope } from '../../model/check-scope.ts';
import { isTaskScope, type AssetScope, type TaskScope } from '../../model/scope.ts';
import type { AnyShape, StateShape } from '../../model/storable.ts';
import type { Access } from './access.ts';
import { clear } from './clear.ts';
import { getOrSet, update } from './compare-and-set.ts';
import type { StoreCore } from '../internals.ts';
import { checkKey, publicEntry, type CheckedKey, type HandleParts } from './deps.ts';
import { listEntries } from './listing.ts';
import { createPlace } from './scope-location.ts';
import { serializeValue } from '../write/prepare-value.ts';
import { openStream, readValue, readValues, readVersion } from '../read/read.ts';
import type { Entry, SetOptions, StateHandle, WriteOptions } from '../state-handle.ts';
import { write, type Draft, type WrittenEntry } from '../write/write.ts';

/** The public face of a scope's state: checks what it is given before any I/O, and counts what is in flight. */

const WRITE: OptionNames<WriteOptions> = { signal: true, retention: true };
const SET: OptionNames<SetOptions> = { ...WRITE, ifVersion: true };
const LIST = { signal: true, prefix: true } as const;
const CLEAR = { signal: true, allItems: true } as const;

/**
 * A handle on the state of a scope, in the name that `access` gives. Does no I/O.
 *
 * @throws {@link ConfigError} {@link InvalidKeyError} when the scope cannot be a path.
 */
export function createStateHandle<Shape extends StateShape<Shape> = AnyShape>(
  core: StoreCore,
  scope: TaskScope | AssetScope,
  access: Access,
): StateHandle<Shape> {
  const checked = isTaskScope(scope) ? taskScope(scope) : assetScope(scope);
  const parts: HandleParts = { core, access, place: createPlace(checked) };
  /** `names`: what the options may be, where one that was misspelt would change what happens. */
  const run = <T>(
    key: string | undefined,
    options: CallOptions,
    operation: (call: CallOptions) => Promise<T>,
    names?: Readonly<Record<string, true>>,
  ): Promise<T> => {
    const checkedOperation = async (): Promise<T> => {
      requireCall(options, names);
      const { call, leave } = core.shareSignal(options.signal);
      try {
        return await operation(call);
      } finally {
        leave();
      }
    };
    return access.during(() =>
      core.track(checkedOperation).catch((error: unknown) => {
        throw located(error, { scope: checked, key });
      }),
    );
  };
  const handle: StateHandle = {
    get: (key, options = {}) => run(key, options, async (call) => (await readValue(parts, checkKey(parts, key), call))?.value),
    getEntry: (key, options = {}) => run(key, options, (call) => getEntry(parts, key, call)),
    getMany: (keys, options = {}) => run(undefined, options, (call) => getMany(parts, keys, call)) as Promise<object>,
    set: (key, value, options = {}) => run(key, options, (call) => set(parts, key, value, options, call), SET),
    getStream: (key, options = {}) => run(key, options, () => openStream(parts, checkKey(parts, key), options)),
    setStream: (key, body, options = {}) => run(key, options, (call) => setStream(parts, key, body, options, call), SET),
    setMany: (values, options = {}) => run(undefined, options, (call) => setMany(parts, values, options, call), WRITE),
    getOrSet(key, create, options = {}) {
      const operation = async (call: CallOptions): Promise<unknown> => {
        requireFunction('create', create);
        return getOrSet(parts, checkKey(parts, key), create, lifetime(parts, options), call);
      };
      return run(key, options, operation, WRITE);
    },
    update(key, change, options = {}) {
      const operation = async (call: CallOptions): Promise<unknown> => {
        requireFunction('change', change);
        return update(parts, checkKey(parts, key), change, lifetime(parts, options), call);
      };
      return run(key, options, operation, WRITE);
    },
    delete: (key, options = {}) => run(key, options, async (call) => void (await write(parts, [checkKey(parts, key)], call))),
    async *entries(options = {}) {
      for (const entry of await run(undefined, options, (call) => entries(parts, options, call), LIST)) {
        options.signal?.throwIfAborted();
        yield entry;
      }
    },
    clear: (options = {}) => run(undefined, options, (call) => clear(parts, call, options.allItems), CLEAR),
  };
  return handle as unknown as StateHandle<Shape>;
}

async function getEntry(parts: HandleParts, key: string, call: CallOptions): Promise<(Entry & { value: unknown }) | undefined> {
  const loaded = await readValue(parts, checkKey(parts, key), call);
  if (!loaded) return undefined;
  const { entry, value } = loaded;
  return { ...publicEntry(key, entry.version, entry.meta, entry), value };
}

async function getMany(parts: HandleParts, keys: readonly string[], call: CallOptions): Promise<Record<string, unknown>> {
  if (!Array.isArray(keys)) throw new ConfigError('keys', 'must be an array of keys', keys);
  const checked = [...new Set<string>(keys)].map((key) => checkKey(parts, key));
  if (checked.length === 0) return {};
  const values = await readValues(parts, checked, call);
  // Not by assignment: a key may be `__proto__`.
  return Object.fromEntries(checked.flatMap(({ key }, index) => (values[index] ? [[key, values[index].value]] : [])));
}

async function set(parts: HandleParts, key: string, value: unknown, options: SetOptions, call: CallOptions): Promise<Entry> {
  const expect = expected(options);
  const draft = draftOf(parts, key, value, lifetime(parts, options));
  return setOne(parts, expect === undefined ? draft : { ...draft, expect }, call);
}

async function setStream(
  parts: HandleParts,
  key: string,
  body: AsyncIterable<Uint8Array>,
  options: SetOptions,
  call: CallOptions,
): Promise<Entry> {
  const expect = expected(options);
  const retention = lifetime(parts, options);
  const checked = checkKey(parts, key);
  parts.core.takeBody(body);
  const draft = { ...checked, put: { value: { type: 'stream', body } as const, retention } };
  return setOne(parts, expect === undefined ? draft : { ...draft, expect }, call);
}

async function setOne(parts: HandleParts, draft: Draft, call: CallOptions): Promise<Entry> {
  const { key, expect } = draft;
  const written = await write(parts, [draft], call);
  const where = { scope: parts.place.scope, key };
  if (written.kind === 'conflict') throw new VersionConflictError(written.current, where);
  if (written.kind === 'old' && expect !== undefined) {
    throw new VersionConflictError((await readVersion(parts, draft, call)) ?? 'absent', where);
  }
  const entry = written.entries[0] as WrittenEntry;
  return publicEntry(key, written.version, entry.meta, entry);
}

async function setMany(parts: HandleParts, values: object, options: WriteOptions, call: CallOptions): Promise<void> {
  if (typeof values !== 'object' || values === null || Array.isArray(values) || ArrayBuffer.isView(values)) {
    throw new ConfigError('values', 'must be an object that holds values by key', values);
  }
  const retention = lifetime(parts, options);
  const drafts = Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => draftOf(parts, key, value, retention));
  if (drafts.length === 0) return;
  // `old`: a later write of this handle to one of the keys came first. All or none: the others must not be lost with it.
  while ((await write(parts, drafts, call)).kind === 'old') call.signal?.throwIfAborted();
}

async function entries(parts: HandleParts, { prefix = '' }: { prefix?: string }, call: CallOptions): Promise<readonly Entry[]> {
  if (typeof prefix !== 'string') throw new ConfigError('prefix', 'must be a string', prefix);
  return listEntries(parts, prefix, call);
}

function draftOf(parts: HandleParts, key: string, value: unknown, retention: RetentionMs): Draft & CheckedKey {
  const checked = checkKey(parts, key);
  return { ...checked, put: { value: serializeValue(parts.core, { scope: parts.place.scope, key }, value), retention } };
}

function lifetime({ core, place }: HandleParts, { retention }: WriteOptions): RetentionMs {
  if (retention !== undefined) return retentionMs(retention, 'retention');
  return isTaskScope(place.scope) ? core.retention : 'forever';
}

function expected(options: SetOptions): Version | 'absent' | undefined {
  if (!('ifVersion' in options)) return undefined;
  const { ifVersion } = options;
  const sound = typeof ifVersion === 'string' && (ifVersion === 'absent' || parseWriteId(ifVersion) !== undefined);
  if (!sound) throw new ConfigError('ifVersion', "must be the version of an entry or 'absent'", ifVersion);
  return ifVersion;
}

function requireFunction(option: string, value: unknown): void {
  if (typeof value !== 'function') throw new ConfigError(option, 'must be a function', value);
}
