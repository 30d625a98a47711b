import { boundedWait, type CallOptions } from '../../async/deadline.ts';
import { OutcomeUnknownError, StoreUnavailableError } from '../../model/errors/store.ts';
import { instant, NEVER } from '../../format/head.ts';
import type { Lineage } from '../../metastore/metastore.ts';
import { GENERATIONS } from '../../format/object-name.ts';
import { inAnyOrder } from '../../object-store/listing-order.ts';
import type { ObjectStore } from '../../object-store/object-store.ts';
import { randomText } from '../../async/random.ts';
import type { Internals } from '../internals.ts';
import { getObject, within, type ObjectCall } from './calls.ts';
import { stepped } from './listing.ts';

/**
 * What an object store knows of the metastores that refer to its objects. It is kept under `<namespace>/generation=/-/-/`, which
 * no user's key reaches. There is one small object for each generation of the metastore, and one for the birth of every metastore
 * that put objects there. Each metastore leaves its birth before its first object, whatever it finds, so that two that begin at
 * the same time see each other. Nothing rests on how a put was answered: some servers ignore conditions. Only writers make
 * generation 0 and births: an emptied metastore must not look new because a tool looked at it. The rules are in
 * `maintenance/lineage.ts`.
 */

/** The content of a generation's object. */
export interface Generation {
  /**
   * The number of the generation. Object 0 holds the number that the metastore had when this object store was first written to.
   */
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
  /** `undefined`: it is damaged. */
  newest: Generation | undefined;
  /** The births of all metastores that put objects, each as `<bornAt, 13 digits>-<name>`. */
  births: readonly string[];
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

/** The key of a birth. */
function birthKey(namespace: string, birth: string): string {
  return `${generationPrefix(namespace)}born-${birth}.json`;
}

/** The birth of a metastore; `undefined` as long as it has none, or no name. */
function birthOf({ bornAt, name }: Lineage): string | undefined {
  return bornAt === undefined || name === undefined ? undefined : `${instant(bornAt)}-${name}`;
}

/** The births of other metastores. A birth without a name, which older versions left, is compared by its time alone. */
export function othersAmong(births: readonly string[], own: Lineage): string[] {
  const { bornAt } = own;
  return births.filter((birth) => birth !== birthOf(own) && (bornAt === undefined || birth !== instant(bornAt)));
}

/** The bytes of a generation. */
export function generationBody(generation: Generation): Uint8Array {
  return Buffer.from(JSON.stringify(generation));
}

/**
 * The generations of an object store; `undefined` if there is none.
 *
 * @throws {@link StoreUnavailableError}
 */
export async function readGenerations(core: Internals, store: ObjectStore, call: CallOptions): Promise<Generations | undefined> {
  const at: ObjectCall = { store, where: {}, call };
  const prefix = generationPrefix(core.namespace);
  const numbers: number[] = [];
  const births: string[] = [];
  const list = (own: CallOptions): ReturnType<ObjectStore['list']> => store.list(prefix, inAnyOrder(own));
  // Sorted here: some servers have an order of their own.
  for await (const { key } of stepped(core, at, 'listing objects', list)) {
    const [, number, birth] = /^(?:(\d{13})|born-(\d{13}(?:-[0-9a-z]{16})?))\.json$/.exec(key.slice(prefix.length)) ?? [];
    if (number !== undefined) numbers.push(Number(number));
    if (birth !== undefined) births.push(birth);
  }
  const last = numbers.sort((a, b) => a - b).at(-1);
  if (last === undefined) return undefined;
  const body = await getObject(core, at, generationKey(core.namespace, last), LONGEST_GENERATION);
  if (!body) throw new StoreUnavailableError('the generation changed while it was read', { store: store.alias });
  const newest = parseGeneration(body);
  return { numbers, newest: last === 0 || newest?.generation === last ? newest : undefined, births: births.sort() };
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
 * A store awaits this before it puts an object: generation 0 and the birth of its metastore are there. Each process reads once
 * for each store. If that fails, the write fails, and the next one tries again.
 *
 * @param internalsOf - Gives the internals, which this is a part of.
 */
export function beforeFirstObject(internalsOf: () => Internals): Internals['beforeObject'] {
  let introduced: Promise<void> | undefined;
  return async (call) => {
    // Checked before anything is begun that nobody would wait for.
    call.signal?.throwIfAborted();
    const core = internalsOf();
    introduced ??= introduce(core).catch((error: unknown) => {
      introduced = undefined;
      throw error;
    });
    const made = introduced;
    // The signal of the first caller must not end the wait of the others.
    const outcome = await boundedWait(core.timer, core.commandTimeout, call.signal, () => made).catch((error: unknown) => {
      // The call that may have been applied is not the caller's write.
      if (!(error instanceof OutcomeUnknownError)) throw error;
      throw new StoreUnavailableError('the births of the metastore could not be ensured', { cause: error });
    });
    if (outcome.ended === 'aborted') throw outcome.reason;
    if (outcome.ended === 'deadline') throw new StoreUnavailableError(`no generation within ${core.commandTimeout} ms`);
  };
}

async function introduce(core: Internals): Promise<void> {
  const store = core.objectStore;
  if (!store) return;
  const at: ObjectCall = { store, where: {}, call: {} };
  const own = await lineageSinceBirth(core);
  // The birth is put last: if it is there, generation 0 was made too.
  if (await getObject(core, at, birthKey(core.namespace, own.birth), LONGEST_GENERATION)) return;
  const key = generationKey(core.namespace, 0);
  if (!(await getObject(core, at, key, LONGEST_GENERATION))) {
    const body = generationBody(await firstGeneration(core, store, own));
    await within(core, at, 'putting the first generation', (signal) => store.put(key, body, { signal, ifAbsent: true }));
  }
  await leaveBirth(core, at, own);
  const found = await readGenerations(core, store, {});
  if (!found || (found.newest?.bornAt === own.bornAt && othersAmong(found.births, own).length === 0)) return;
  core.logger?.warn(
    { store: store.alias, birth: own.birth },
    'the objects are of another metastore: Redis lost its state, or two write under one namespace of one bucket; reconcile() refuses',
  );
}

/** A metastore that has a birth and a name. */
type Born = Lineage & { bornAt: number; birth: string };

/** What the metastore knows of itself. Missing births are put, as the first write would do. */
async function lineageSinceBirth(core: Internals): Promise<Born> {
  let own = await core.metastore.lineage.read({});
  if (birthOf(own) === undefined) {
    await recordBirths(core, {});
    own = await core.metastore.lineage.read({});
  }
  const [birth, { bornAt }] = [birthOf(own), own];
  if (birth === undefined || bornAt === undefined)
    throw new StoreUnavailableError('the metastore lost a birth again', { store: core.metastore.name });
  return { ...own, bornAt, birth };
}

/** Makes the births of the metastore known, and gives it a name if it has none. */
export function recordBirths(core: Internals, call: CallOptions): Promise<void> {
  return core.metastore.lineage.bear(randomText(core.random, 16), call);
}

/**
 * Puts the birth of a metastore, without a condition: some servers ignore conditions, and no other metastore has this key.
 * Putting it again keeps it too young for a bucket rule that deletes by age. A worker without the right to overwrite is refused
 * if another process of the same metastore came first, and then finds the birth.
 *
 * @throws {@link StoreUnavailableError}
 */
export async function leaveBirth(core: Internals, at: ObjectCall, own: Lineage): Promise<void> {
  const birth = birthOf(own);
  if (birth === undefined) return;
  const key = birthKey(core.namespace, birth);
  const body = Buffer.from(JSON.stringify({ bornAt: own.bornAt, name: own.name }));
  const put = within(core, at, 'putting a birth', (signal) => at.store.put(key, body, { signal, ifAbsent: false }));
  await put.catch(async (error: unknown) => {
    if (!(await getObject(core, at, key, LONGEST_GENERATION))) throw error;
  });
}

/** Puts the metastore's own birth again. A tool never puts it for the first time. */
export async function keepBirth(core: Internals, at: ObjectCall, births: readonly string[], own: Lineage): Promise<void> {
  if (births.some((birth) => birth === birthOf(own))) await leaveBirth(core, at, own);
}

/**
 * Removes the births of other metastores, of a store that was recovered.
 *
 * @throws {@link StoreUnavailableError}
 */
export async function clearOtherBirths(core: Internals, store: ObjectStore, own: Lineage, call: CallOptions): Promise<void> {
  const at: ObjectCall = { store, where: {}, call };
  const { births = [] } = (await readGenerations(core, store, call)) ?? {};
  const keys = othersAmong(births, own).map((birth) => birthKey(core.namespace, birth));
  if (keys.length === 0) return;
  const [failed] = await within(core, at, 'deleting births', (signal) => store.delete(keys, { signal }));
  if (failed) throw new StoreUnavailableError('a birth could not be deleted', { store: store.alias, cause: failed.error });
}

/** If only number 0 is gone, the later generations still know the births. The metastore's own birth may be new. */
async function firstGeneration(core: Internals, store: ObjectStore, { bornAt, generation }: Born): Promise<Generation> {
  const later = await readGenerations(core, store, {});
  if (later) return later.newest ?? { generation: later.numbers.at(-1) ?? 0, bornAt: 0, raisedAt: 0 };
  const now = await core.metastore.now({});
  return { generation: generation.lowest, bornAt, raisedAt: Math.floor(now) };
}
