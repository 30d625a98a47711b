import type { CallOptions } from '../async/deadline.ts';
import { StateLostError, StoreUnavailableError } from '../model/errors/store.ts';
import type { Lineage } from '../metastore/metastore.ts';
import type { ObjectStore } from '../object-store/object-store.ts';
import type { Internals } from '../state-store/internals.ts';
import {
  clearOtherBirths,
  generationBody,
  generationKey,
  keepBirth,
  leaveBirth,
  LONGEST_GENERATION,
  othersAmong,
  readGenerations,
  recordBirths,
  type Generation,
  type Generations,
} from '../state-store/objects/lineage.ts';
import { getObject, within, type ObjectCall } from '../state-store/objects/calls.ts';

/**
 * Whether the metastore is the one that refers to the objects, and knows all that it ever knew of them. Births say that it is the
 * same one, was not emptied, and is the only one that put objects. The generation says that it was not restored from an older
 * copy. It is raised in the metastore first and in the object store after, so a copy would be behind.
 */

/** What became of the comparison with one object store. */
export type LineageVerdict =
  | { kind: 'sound' }
  /** The metastore may lack references: nothing may be concluded from what it does not know. */
  | { kind: 'lost'; why: string }
  /** The object store is behind: an older copy of the bucket, or one that was not the current one for a while. Raising mends it. */
  | { kind: 'ahead'; why: string };

/** What was found in one object store. */
export interface StoreLineage {
  store: ObjectStore;
  /** `undefined`: no object was ever put there. */
  generations: Generations | undefined;
  verdict: LineageVerdict;
}

/** What the metastore knows, and each object store. */
export interface LineageReport {
  metastore: Lineage;
  stores: readonly StoreLineage[];
  /** The lineage of the object store that is written to; `undefined` if there is none. */
  current: StoreLineage | undefined;
}

/** Reads the lineage of object stores (all if none are named), then that of the metastore: a raise meanwhile is seen in full. */
export async function readLineage(
  core: Internals,
  call: CallOptions,
  those: Iterable<ObjectStore> = core.locations.values(),
): Promise<LineageReport> {
  const found = new Map<ObjectStore, Generations | undefined>();
  for (const store of those) found.set(store, await readGenerations(core, store, call));
  const metastore = await core.metastore.lineage.read(call);
  const first = [...found].map(([store, generations]): StoreLineage => {
    const verdict: LineageVerdict = generations ? compare(metastore, generations, store === core.objectStore) : { kind: 'sound' };
    return { store, generations, verdict };
  });
  // A store that was recovered together with a sound object store has nothing newer of its own: nobody writes to it.
  const together = new Set(
    first.flatMap(({ generations, verdict }) => (verdict.kind === 'sound' ? (generations?.newest?.with ?? []) : [])),
  );
  const stores = first.map((one): StoreLineage => {
    const { newest, births = [] } = one.generations ?? {};
    const alone = othersAmong(births, metastore).length === 0;
    const recovered = newest && alone && together.has(one.store.alias) && isNotBehind(metastore, newest);
    return recovered ? { ...one, verdict: { kind: 'sound' } } : one;
  });
  return { metastore, stores, current: stores.find(({ store }) => store === core.objectStore) };
}

function isNotBehind({ generation }: Lineage, newest: Generation): boolean {
  return generation.lowest >= newest.generation;
}

const WHY_OTHERS =
  'Redis lost its state, or two metastores write under one namespace of one bucket, but each needs a namespace of its own';

function compare(metastore: Lineage, { numbers, newest, births }: Generations, isCurrent: boolean): LineageVerdict {
  const { bornAt, generation } = metastore;
  if (!newest) return { kind: 'lost', why: `the generation ${numbers.at(-1)} of the object store is damaged` };
  if (bornAt === undefined)
    return { kind: 'lost', why: 'a shard of the metastore has no birth: it is empty, or lost a part of its state' };
  if (bornAt !== newest.bornAt) {
    const [its, known] = [bornAt, newest.bornAt].map((ms) => new Date(ms).toISOString());
    return {
      kind: 'lost',
      why: `the metastore began at ${its}, and the objects are of one that began at ${known}: ${WHY_OTHERS}`,
    };
  }
  const [other] = othersAmong(births, metastore);
  if (other !== undefined) {
    const its = new Date(Number.parseInt(other, 10)).toISOString();
    return { kind: 'lost', why: `objects were also put by a metastore that began at ${its}: ${WHY_OTHERS}` };
  }
  if (!isNotBehind(metastore, newest)) {
    return {
      kind: 'lost',
      why: `the metastore is at generation ${generation.lowest}, and the object store at ${newest.generation}: it was restored from an older copy`,
    };
  }
  if (isCurrent && generation.highest > newest.generation + 1) {
    return {
      kind: 'ahead',
      why: `the object store is at generation ${newest.generation}, and the metastore at ${generation.highest}: it is an older copy, or was not written to for a while; sweep() brings it up to date`,
    };
  }
  return { kind: 'sound' };
}

/**
 * Refuses to go on if references may be missing.
 *
 * @throws {@link StateLostError}
 */
export function requireSound({ stores }: LineageReport): void {
  for (const { store, verdict } of stores) {
    if (verdict.kind !== 'sound') throw new StateLostError(verdict.why, { store: store.alias });
  }
}

/**
 * Raises the generation, the metastore's first. The other order has a gap: if the metastore is lost in between, an older copy of
 * it cannot be told from the real one.
 */
export async function raise(core: Internals, report: LineageReport, call: CallOptions): Promise<void> {
  const { current, metastore } = report;
  const newest = current?.generations?.newest;
  if (!current || !newest) return;
  const target = Math.max(newest.generation + 1, metastore.generation.highest);
  await core.metastore.lineage.raise(target, call);
  await writeGeneration(core, current, metastore, { ...newest, generation: target }, call);
}

/** If another raise takes a number, the next number is tried. So many failures in a row mean something else. */
const MOST_TRIES = 5;

/**
 * Begins a new lineage after `recover()`, from the current births, for all object stores that were recovered. Births of other
 * metastores go last.
 *
 * @param holdsValues - Whether they hold any value; if there is nothing at all, nothing begins.
 * @throws {@link StoreUnavailableError}
 */
export async function beginAnew(core: Internals, holdsValues: boolean, call: CallOptions): Promise<void> {
  await recordBirths(core, call);
  const { metastore, stores, current } = await readLineage(core, call);
  const known = stores.flatMap(({ generations }) =>
    generations ? [...generations.numbers, generations.newest?.generation ?? 0] : [],
  );
  if (!current || metastore.bornAt === undefined || (known.length === 0 && !holdsValues)) return;
  const others = stores.filter((one) => one !== current && one.generations).map(({ store }) => store.alias);
  const next = { bornAt: metastore.bornAt, ...(others.length > 0 && { with: others }) };
  const highest = Math.max(metastore.generation.highest, ...known);
  for (let tries = 1; tries <= MOST_TRIES; tries += 1) {
    const target = highest + tries;
    await core.metastore.lineage.raise(target, call);
    // A generation that a sweep took meanwhile records the earlier births.
    if ((await writeGeneration(core, current, metastore, { ...next, generation: target }, call)) !== 'created') continue;
    await leaveBirth(core, { store: current.store, where: {}, call }, metastore);
    for (const { store } of stores) await clearOtherBirths(core, store, metastore, call);
    return;
  }
  throw new StoreUnavailableError('the generation was raised by others all the time', { store: current.store.alias });
}

async function writeGeneration(
  core: Internals,
  { store, generations }: StoreLineage,
  own: Lineage,
  next: Omit<Generation, 'raisedAt'>,
  call: CallOptions,
): Promise<'created' | 'exists'> {
  const at: ObjectCall = { store, where: {}, call };
  const { namespace } = core;
  const put = (number: number, body: Uint8Array, ifAbsent: boolean): Promise<'created' | 'exists'> =>
    within(core, at, 'putting a generation', (signal) => store.put(generationKey(namespace, number), body, { signal, ifAbsent }));
  const now = Math.floor(await core.metastore.now(call));
  const made = await put(next.generation, generationBody({ ...next, raisedAt: now }), true);
  try {
    // Put again unchanged, so that no rule of a bucket takes it for old.
    const first = await getObject(core, at, generationKey(namespace, 0), LONGEST_GENERATION);
    if (first && first.length <= LONGEST_GENERATION) await put(0, first, false);
    await keepBirth(core, at, generations?.births ?? [], own);
    const old = (generations?.numbers ?? []).filter((number) => number > 0 && number < next.generation - 1);
    const keys = old.map((number) => generationKey(namespace, number));
    if (keys.length > 0) await within(core, at, 'deleting old generations', (signal) => store.delete(keys, { signal }));
  } catch (error) {
    call.signal?.throwIfAborted();
    core.logger?.warn({ store: store.alias, err: error }, 'the generation was raised; the older ones could not be tidied up');
  }
  return made;
}
