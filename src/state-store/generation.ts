import { boundedWait, type CallOptions } from '../call.ts';
import { OutcomeUnknownError, StoreUnavailableError } from '../errors.ts';
import { instant, NEVER } from '../head.ts';
import type { Lineage } from '../metastore/metastore.ts';
import { GENERATIONS } from '../object-name.ts';
import type { ObjectStore } from '../object-store/object-store.ts';
import type { StoreCore } from './core.ts';
import { getObject, within, type ObjectCall } from './object-calls.ts';
import { listObjects } from './object-listing.ts';

/**
 * What an object store knows of the metastore that refers to its objects: one small object for each generation, under
 * `<namespace>/generation=/-/-/`, which no user's key reaches. The first writer of an object makes number 0, never a tool: an
 * emptied metastore that a tool looks at must not look new. A writer that finds the births of another metastore there leaves a
 * marker with its own, which no reader takes for a generation. The rules are in `maintenance/lineage.ts`.
 */

/** What the object of a generation says. */
export interface Generation {
  /** Its number; of object 0 the one that the metastore had when this object store was first written to. */
  generation: number;
  /** The latest birth of a shard of the metastore, in milliseconds. */
  bornAt: number;
  /** When it was written, by the metastore's clock. */
  raisedAt: number;
  /** Aliases of former object stores whose values `recover()` brought back together with this one's. */
  with?: readonly string[];
}

/** All generations that an object store holds. */
export interface Generations {
  /** In order; at least one. */
  numbers: readonly number[];
  /** `undefined` where it is damaged. */
  newest: Generation | undefined;
  /** Births of metastores that also wrote objects, in milliseconds. */
  markers: readonly number[];
}

/** Bytes: more than any has. */
export const LONGEST_GENERATION: number = 2 ** 20;

/** The prefix of all generations. */
export function generationPrefix(namespace: string): string {
  return `${namespace}/${GENERATIONS}/`;
}

/** The key of a generation. */
export function generationKey(namespace: string, generation: number): string {
  return `${generationPrefix(namespace)}${instant(generation)}.json`;
}

/** What the keys of all markers begin with. */
function markerPrefix(namespace: string): string {
  return `${generationPrefix(namespace)}born-`;
}

/** The key of the marker of a metastore that was born then. */
export function markerKey(namespace: string, bornAt: number): string {
  return `${markerPrefix(namespace)}${instant(bornAt)}.json`;
}

/** The bytes of a generation. */
export function generationBody(generation: Generation): Uint8Array {
  return Buffer.from(JSON.stringify(generation));
}

/**
 * The generations of an object store; `undefined` where there is none.
 *
 * @throws {@link StoreUnavailableError}
 */
export async function readGenerations(core: StoreCore, store: ObjectStore, call: CallOptions): Promise<Generations | undefined> {
  const at: ObjectCall = { store, where: {}, call };
  const prefix = generationPrefix(core.namespace);
  const numbers: number[] = [];
  const markers: number[] = [];
  for await (const { key } of listObjects(core, at, prefix)) {
    const match = /^(born-)?(\d{13})\.json$/.exec(key.slice(prefix.length));
    if (match) (match[1] ? markers : numbers).push(Number(match[2]));
  }
  const last = numbers.sort((a, b) => a - b).at(-1);
  if (last === undefined) return undefined;
  const body = await getObject(core, at, generationKey(core.namespace, last), LONGEST_GENERATION);
  if (!body) throw new StoreUnavailableError('the generation changed while it was read', { store: store.alias });
  const newest = parseGeneration(body);
  return { numbers, newest: last === 0 || newest?.generation === last ? newest : undefined, markers };
}

function parseGeneration(body: Uint8Array): Generation | undefined {
  if (body.length > LONGEST_GENERATION) return undefined;
  try {
    const found = JSON.parse(Buffer.from(body).toString()) as Generation;
    const numbers = [found.generation, found.bornAt, found.raisedAt].every(
      (part) => Number.isSafeInteger(part) && part >= 0 && part <= NEVER,
    );
    const sound = numbers && (found.with === undefined || Array.isArray(found.with));
    return sound ? found : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What a store awaits before it puts an object: that generation 0 is there. One read for each process and store; where it fails,
 * that write fails, and the next one tries again.
 *
 * @param coreOf - Gives the core, which this is a part of.
 */
export function beforeFirstObject(coreOf: () => StoreCore): StoreCore['beforeObject'] {
  let introduced: Promise<void> | undefined;
  return async (call) => {
    // Before anything is begun that nobody would wait for.
    call.signal?.throwIfAborted();
    const core = coreOf();
    introduced ??= introduce(core).catch((error: unknown) => {
      introduced = undefined;
      throw error;
    });
    const made = introduced;
    // The others that wait for it do not end with the signal of the one who came first.
    const outcome = await boundedWait(core.timer, core.commandTimeout, call.signal, () => made).catch((error: unknown) => {
      // What may have been applied is not the caller's write.
      if (!(error instanceof OutcomeUnknownError)) throw error;
      throw new StoreUnavailableError('the births of the metastore could not be made sure of', { cause: error });
    });
    if (outcome.ended === 'aborted') throw outcome.reason;
    if (outcome.ended === 'deadline') throw new StoreUnavailableError(`no generation within ${core.commandTimeout} ms`);
  };
}

async function introduce(core: StoreCore): Promise<void> {
  const store = core.objectStore;
  if (!store) return;
  const at: ObjectCall = { store, where: {}, call: {} };
  const key = generationKey(core.namespace, 0);
  let first = await getObject(core, at, key, LONGEST_GENERATION);
  if (!first) {
    const body = generationBody(await firstGeneration(core, store));
    const made = await within(core, at, 'putting the first generation', (signal) =>
      store.put(key, body, { signal, ifAbsent: true }),
    );
    // `exists` is another process that came first, maybe one of another metastore.
    first = made === 'created' ? body : await getObject(core, at, key, LONGEST_GENERATION);
  }
  await markOther(core, at, first && parseGeneration(first));
}

/**
 * Leaves a marker where the generations are of another metastore: it has no reference to what is put here now, so that its
 * `reconcile()` would delete it. After `recover()` a newer generation has other births than number 0.
 */
async function markOther(core: StoreCore, at: ObjectCall, first: Generation | undefined): Promise<void> {
  const { bornAt } = await lineageSinceBirth(core);
  if (first?.bornAt === bornAt) return;
  const found = await readGenerations(core, at.store, at.call);
  if (found?.newest?.bornAt === bornAt) return;
  const body = Buffer.from(JSON.stringify({ bornAt }));
  await within(core, at, 'putting a marker', (signal) =>
    at.store.put(markerKey(core.namespace, bornAt), body, { signal, ifAbsent: true }),
  );
  core.logger?.warn(
    { store: at.store.alias, bornAt },
    'the objects are of another metastore: Redis lost its state, or two write under one namespace of one bucket; reconcile() refuses',
  );
}

/** What the metastore knows of itself; its births are made known where one is missing, as the first write would. */
async function lineageSinceBirth(core: StoreCore): Promise<Lineage & { bornAt: number }> {
  let { bornAt, generation } = await core.metastore.lineage({});
  if (bornAt === undefined) {
    await core.metastore.bear({});
    ({ bornAt, generation } = await core.metastore.lineage({}));
  }
  if (bornAt === undefined) throw new StoreUnavailableError('the metastore lost a birth again', { store: core.metastore.name });
  return { bornAt, generation };
}

/**
 * Removes the markers, of a store that was recovered.
 *
 * @throws {@link StoreUnavailableError}
 */
export async function clearMarkers(core: StoreCore, store: ObjectStore, call: CallOptions): Promise<void> {
  const at: ObjectCall = { store, where: {}, call };
  const keys: string[] = [];
  for await (const { key } of listObjects(core, at, markerPrefix(core.namespace))) keys.push(key);
  if (keys.length === 0) return;
  const [failed] = await within(core, at, 'deleting markers', (signal) => store.delete(keys, { signal }));
  if (failed) throw new StoreUnavailableError('a marker could not be deleted', { store: store.alias, cause: failed.error });
}

/** Where number 0 is gone and later ones are not, they know the births, if anything does: the metastore's own may be new. */
async function firstGeneration(core: StoreCore, store: ObjectStore): Promise<Generation> {
  const later = await readGenerations(core, store, {});
  if (later) return later.newest ?? { generation: later.numbers.at(-1) ?? 0, bornAt: 0, raisedAt: 0 };
  const { bornAt, generation } = await lineageSinceBirth(core);
  const now = await core.metastore.now({});
  return { generation: generation.lowest, bornAt, raisedAt: Math.floor(now) };
}
