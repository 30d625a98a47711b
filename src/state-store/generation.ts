import { boundedWait, type CallOptions } from '../call.ts';
import { OutcomeUnknownError, StoreUnavailableError } from '../errors.ts';
import { instant, NEVER } from '../head.ts';
import { GENERATIONS } from '../object-name.ts';
import type { ObjectStore } from '../object-store/object-store.ts';
import type { StoreCore } from './core.ts';
import { getObject, within, type ObjectCall } from './object-calls.ts';
import { listObjects } from './object-listing.ts';

/**
 * What an object store knows of the metastore that refers to its objects: one small object for each generation, under
 * `<namespace>/generation=/-/-/`, which no user's key reaches. The first writer of an object makes number 0, never a tool: an
 * emptied metastore that a tool looks at must not look new. The rules are in `maintenance/lineage.ts`.
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
}

/** The prefix of all generations. */
export function generationPrefix(namespace: string): string {
  return `${namespace}/${GENERATIONS}/`;
}

/** The key of a generation. */
export function generationKey(namespace: string, generation: number): string {
  return `${generationPrefix(namespace)}${instant(generation)}.json`;
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
  for await (const { key } of listObjects(core, at, prefix)) {
    const match = /^(\d{13})\.json$/.exec(key.slice(prefix.length));
    if (match) numbers.push(Number(match[1]));
  }
  const last = numbers.sort((a, b) => a - b).at(-1);
  if (last === undefined) return undefined;
  const body = await getObject(core, at, generationKey(core.namespace, last));
  if (!body) throw new StoreUnavailableError('the generation changed while it was read', { store: store.alias });
  const newest = parseGeneration(body);
  return { numbers, newest: last === 0 || newest?.generation === last ? newest : undefined };
}

function parseGeneration(body: Uint8Array): Generation | undefined {
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
  if (await getObject(core, at, key)) return;
  const body = generationBody(await firstGeneration(core, store));
  // `exists` is another process that came first: it read the same births.
  await within(core, at, 'putting the first generation', (signal) => store.put(key, body, { signal, ifAbsent: true }));
}

/** Where number 0 is gone and later ones are not, they know the births, if anything does: the metastore's own may be new. */
async function firstGeneration(core: StoreCore, store: ObjectStore): Promise<Generation> {
  const later = await readGenerations(core, store, {});
  if (later) return later.newest ?? { generation: later.numbers.at(-1) ?? 0, bornAt: 0, raisedAt: 0 };
  await core.metastore.bear({});
  const [{ bornAt, generation }, now] = await Promise.all([core.metastore.lineage({}), core.metastore.now({})]);
  if (bornAt === undefined) throw new StoreUnavailableError('the metastore lost a birth again', { store: core.metastore.name });
  return { generation: generation.lowest, bornAt, raisedAt: Math.floor(now) };
}
