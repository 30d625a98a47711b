import { unfencedAccess, type Access } from '../../src/state-store/handle/deps.ts';
import { createStateStore } from '../../src/state-store/create-state-store.ts';
import { internalsOf } from '../../src/state-store/internals.ts';
import { createStateHandle } from '../../src/state-store/handle/handle.ts';
import type { StateStoreOptions } from '../../src/state-store/options.ts';
import type { StateHandle } from '../../src/state-store/state-handle.ts';
import type { StateStore } from '../../src/state-store/state-store.ts';
import type { StateEvent } from '../../src/observe/events.ts';
import { StaleAttemptError } from '../../src/model/errors/store.ts';
import { parseEntry, type EntryMeta } from '../../src/format/entry.ts';
import { createWriter, drawNonce, orderedFence, UNFENCED } from '../../src/format/write-id.ts';
import type { Metastore } from '../../src/metastore/metastore.ts';
import type { ObjectStore } from '../../src/object-store/object-store.ts';
import { keyName, scopePath } from '../../src/format/path.ts';
import { systemRandom } from '../../src/async/random.ts';
import type { AssetScope, TaskScope } from '../../src/model/scope.ts';

/** Stores for one test: nothing is in them yet. */
export interface Parts {
  metastore: Metastore;
  objectStore: ObjectStore;
  /** Another place for objects, of another alias. */
  otherObjectStore: ObjectStore;
  namespace: string;
}

/** Makes the parts of one test. */
export type PartsFactory = () => Promise<Parts>;

/** A store over parts; options and parts may be changed. */
export function openOver(parts: Parts, changes: Partial<StateStoreOptions> = {}): StateStore {
  const { metastore, objectStore, namespace } = parts;
  return createStateStore({ metastore, objectStore, namespace, ...changes });
}

/** A store that says what happened. */
export function openWithEvents(parts: Parts, changes: Partial<StateStoreOptions> = {}): StateStore & { events: StateEvent[] } {
  const events: StateEvent[] = [];
  return Object.assign(openOver(parts, { onEvent: (event) => events.push(event), ...changes }), { events });
}

/** The task that most tests use. */
export const TASK = { flow: 'films', run: '2026-11-22', task: 'transcode' };

/** The state of a task in the name of its n-th attempt, as the job room makes it. */
export async function attemptHandle(
  store: StateStore,
  scope: TaskScope,
  attempt: number,
): Promise<StateHandle & { refusals: StaleAttemptError[]; asset(scope: AssetScope): StateHandle }> {
  const core = internalsOf(store);
  const fence = orderedFence([attempt, 0]);
  const nonce = drawNonce('attempt', systemRandom);
  const request = { fence, nonce, first: attempt === 1, createdAt: Date.now(), drawn: false, holder: 'h', job: 'j', records: [] };
  const begun = await core.metastore.fences.begin({ path: scopePath(scope) }, request, {});
  if (begun.kind !== 'ok') throw new Error(`attempt ${attempt} could not begin`);
  const refusals: StaleAttemptError[] = [];
  const writer = createWriter(fence, nonce);
  const access: Access = {
    fenced: true,
    by: scope,
    writer: () => Promise.resolve(writer),
    during: (operation) => operation(),
    refused: (where, holder) => {
      const error = new StaleAttemptError('a newer attempt holds the fence', { ...where, holder });
      refusals.push(error);
      return error;
    },
  };
  return Object.assign(createStateHandle(core, scope, access), {
    refusals,
    asset: (asset: AssetScope) => createStateHandle(core, asset, access),
  });
}

/** A task's state in the name of a person. */
export function personHandle(store: StateStore, scope: TaskScope | AssetScope): StateHandle {
  return createStateHandle(internalsOf(store), scope, unfencedAccess(systemRandom));
}

/** What the metastore holds for a key. */
export async function storedMeta(
  store: StateStore,
  scope: TaskScope | AssetScope,
  key: string,
): Promise<EntryMeta & { inline: string | undefined }> {
  const [raw] = await internalsOf(store).metastore.values.read({ path: scopePath(scope) }, [keyName(key)], {});
  if (!raw) throw new Error(`there is no entry of ${key}`);
  return { ...parseEntry(raw.text, { key }).meta, inline: raw.body && Buffer.from(raw.body).toString() };
}

/** Writes an entry that no store of ours would write. */
export async function plant(store: StateStore, key: string, meta: EntryMeta, body?: Uint8Array): Promise<void> {
  const { metastore } = internalsOf(store);
  const writer = createWriter(UNFENCED, drawNonce('tool', systemRandom));
  const changes = [{ name: keyName(key), put: { meta, body, retention: 'forever' as const } }];
  const began = await metastore.now({});
  const reply = await metastore.values.write(
    { path: scopePath(TASK) },
    { id: writer.next(), fenced: false, began, changes, resent: false },
    {},
  );
  if (reply.kind !== 'ok') throw new Error(`the entry was not planted: ${reply.kind}`);
}

/** The keys of all objects that hold a value, without those by which the stores know of each other. */
export async function objectsOf(store: ObjectStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list('')) if (!key.includes('/generation=/')) keys.push(key);
  return keys;
}

/** All elements. */
export async function collected<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** A text that no compression makes much smaller. */
export function noise(length: number, seed = 1): string {
  let state = seed;
  return Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 27).toString(36);
  }).join('');
}
