import { parseEntry } from '../../src/format/entry.ts';
import { isMooringError } from '../../src/model/errors/store.ts';
import { orderedFence, createWriter, drawNonce } from '../../src/format/write-id.ts';
import { liveHead, memoryData, type MemoryData } from '../../src/metastore/memory/scope.ts';
import { openMemory } from '../../src/metastore/memory/store.ts';
import { closedMetastore, type ValueWrite } from '../../src/metastore/metastore.ts';
import { reconcile } from '../../src/maintenance/reconcile/reconcile.ts';
import { recover } from '../../src/maintenance/recover/recover.ts';
import { sweep } from '../../src/maintenance/sweep/sweep.ts';
import { memoryObjectStore } from '../../src/object-store/memory.ts';
import { parseObjectKey } from '../../src/format/object-name.ts';
import { scopePath } from '../../src/format/path.ts';
import { unfencedAccess, type Access } from '../../src/state-store/handle/deps.ts';
import { internalsOf } from '../../src/state-store/internals.ts';
import { createStateStoreWith } from '../../src/state-store/create-state-store.ts';
import { createStateHandle } from '../../src/state-store/handle/handle.ts';
import type { StateHandle } from '../../src/state-store/state-handle.ts';
import type { StateStore } from '../../src/state-store/state-store.ts';
import { short, slowMetastore, slowObjectStore, type Heard } from './cleanup-stores.ts';
import { createWorld, type Process } from './world.ts';

/**
 * Values are written, read, expire, and are cleaned up, all at the same time, by processes that stall and die. The metastore
 * below is emptied, restored or fails over. I4, I5 and I7 are looked at whenever something could break them.
 */

/** What happens to the metastore in a history. */
export type Disaster = 'none' | 'failover' | 'flush' | 'restore';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const BURSTS = 3 * HOUR;
const SCOPES = [
  { flow: 'f', run: 'r', task: 't' },
  { flow: 'f', run: 'r', task: 't', mapIndex: 0 },
];
const KEYS = ['a', 'b'];

/** How a history ended. */
export interface CleanupHistory {
  violations: readonly string[];
  log: readonly string[];
  /** What was done, so that a test sees that something was. */
  did: { deleted: number; swept: number; reconciled: number; refused: number; recovered: number; read: number };
}

/** Lets one history happen. */
export async function cleanUp(seed: number, disaster: Disaster): Promise<CleanupHistory> {
  const world = createWorld(seed);
  const data = memoryData();
  const objects = memoryObjectStore();
  const real = openMemory(data, { clock: world.clock() });
  const violations: string[] = [];
  const did = { deleted: 0, swept: 0, reconciled: 0, refused: 0, recovered: 0, read: 0 };
  const committed = new Set<string>();
  /** Live when the metastore lost it, until a recovery has come to its end. */
  const gone = new Set<string>();
  /** Entries of the state that is there now may point to objects that were deleted after it. */
  let lost = false;
  /** Whether a recovery has begun. */
  let recovers = false;
  const written = new Map<string, Set<string>>();
  const running = new Set<Process>();
  /** What entries of a restored copy refer to, and was deleted after the copy was made. */
  const dangling = new Set<string>();
  const violate = (what: string): void => {
    world.note(`VIOLATION ${what}`);
    violations.push(what);
  };

  const referenced = (): Map<string, string> => liveReferences(data, world.now());
  const heard: Heard = {
    async removing(apply) {
      const before = referenced();
      const reply = await apply();
      const after = new Set(referenced().keys());
      for (const [object, at] of before) if (!after.has(object)) violate(`I8: a sweep removes ${at}, which has not expired`);
      return reply;
    },
    applied(method, args, reply) {
      const [{ path }] = args as [{ path: string }];
      // A value that was written over since, or deleted, is not the one that recover() would bring back.
      const over = (prefix: string): void => {
        for (const object of gone) if (object.startsWith(prefix)) gone.delete(object);
      };
      if ((reply as { kind?: string } | undefined)?.kind !== 'ok') return;
      if (method === 'scopes.clear') over(`default/${path}/`);
      if (method !== 'values.write') return;
      for (const { name, put } of (args[1] as ValueWrite).changes) {
        over(`default/${path}/${name}/`);
        if (put?.meta.ref) committed.add(put.meta.ref.object);
      }
    },
    deleting(object, by) {
      if (!parseObjectKey('default', object)) return;
      did.deleted += 1;
      const at = referenced().get(object);
      // What was refused, and brought back before its writer could delete it: workers are to be stopped while recover() runs.
      const own = recovers && by.name.startsWith('writer') && !committed.has(object);
      if (own) dangling.add(object);
      if (at !== undefined && !own) violate(`I5: ${by.name} deletes ${short(object)}, which the live entry ${at} refers to`);
      if (gone.has(object)) violate(`I5: ${by.name} deletes ${short(object)}, which recover() would bring back`);
    },
  };

  const begin = (name: string, troubled: boolean): { process: Process; store: StateStore } => {
    const stops = troubled && world.chance(0.4) ? world.between(0, 60) : Infinity;
    const dies = troubled && world.chance(0.3) ? world.between(0, 80) : Infinity;
    let ticks = 0;
    const process: Process = {
      name,
      dead: false,
      stoppedUntil: 0,
      wroteAheadAt: new Map(),
      tick() {
        ticks += 1;
        if (Math.floor(stops) === ticks) {
          process.stoppedUntil = world.now() + world.between(0, world.chance(0.5) ? 3 * HOUR : 3 * DAY);
          world.note(`${name} stops for ${Math.round((process.stoppedUntil - world.now()) / MINUTE)} minutes`);
        }
        if (Math.floor(dies) === ticks) {
          process.dead = true;
          running.delete(process);
          world.note(`${name} dies`);
        }
      },
    };
    const metastore = closedMetastore(() => slowMetastore(world, real, process, heard));
    const objectStore = slowObjectStore(world, objects, process, heard);
    const options = {
      metastore,
      objectStore,
      offloadThreshold: 0,
      codec: 'none',
      clock: world.clock(process),
      random: world.random,
    };
    return { process, store: createStateStoreWith({ ...options, codec: 'none' }, world.timer(process)) };
  };

  /** Something goes on until it ends, or its process dies. */
  const run = (process: Process, work: () => Promise<void>): void => {
    running.add(process);
    void work()
      .catch((error: unknown) => violate(`${process.name} ended with ${String(error)}`))
      .finally(() => running.delete(process));
  };
  /** Half the time everybody waits for the same moment: rules matter for things that go on at the same time. */
  const pause = (process: Process, longest: number): Promise<void> => {
    const until = world.chance(0.5) ? BURSTS - (world.now() % BURSTS) + world.between(0, 3_000) : world.between(0, longest);
    return world.clock(process).sleep(until);
  };

  let attempts = 0;
  const write = async (process: Process, store: StateStore): Promise<void> => {
    const scope = SCOPES[world.chance(0.7) ? 0 : 1] as (typeof SCOPES)[number];
    const state = world.chance(0.5) ? store.task(scope) : await attemptState(store, scope, (attempts += 1), world.random);
    for (let step = 0; step < 8; step += 1) {
      await pause(process, world.chance(0.8) ? HOUR : 30 * HOUR);
      const key = KEYS[world.chance(0.7) ? 0 : 1] as string;
      const value = `${process.name}, step ${step}`;
      const choice = world.random();
      await allowing(async () => {
        if (choice < 0.75) {
          const known = written.get(`${scopePath(scope)} ${key}`) ?? new Set();
          written.set(`${scopePath(scope)} ${key}`, known.add(value));
          await state.set(key, value, world.chance(0.3) ? { retention: '2h' } : {});
        } else if (choice < 0.9) await state.delete(key);
        else await store.task(scope).clear();
      });
    }
  };
  const read = async (process: Process, store: StateStore): Promise<void> => {
    for (let step = 0; step < 30; step += 1) {
      await pause(process, 8 * HOUR);
      const scope = SCOPES[step % 2] as (typeof SCOPES)[number];
      const key = KEYS[world.chance(0.7) ? 0 : 1] as string;
      await allowing(
        async () => {
          const value = await store.task(scope).get(key);
          did.read += 1;
          if (value !== undefined && !written.get(`${scopePath(scope)} ${key}`)?.has(value as string))
            violate(`I1: read ${JSON.stringify(value)}`);
        },
        () => lost,
      );
    }
  };
  const tend = async (process: Process, store: StateStore): Promise<void> => {
    for (let step = 0; step < 16; step += 1) {
      await pause(process, world.chance(0.8) ? 8 * HOUR : 5 * DAY);
      const grace = world.chance(0.3) ? '6h' : '1d';
      await allowing(async () => {
        if (world.chance(0.6)) did.swept += (await sweep(store, { grace })).objects;
        else did.reconciled += (await reconcile(store, { apply: true, maxShare: 1, grace })).objects;
      }).then((code) => (did.refused += code === 'mooring.state-lost' ? 1 : 0));
    }
  };

  const strike = async (process: Process, store: StateStore): Promise<void> => {
    await pause(process, 2 * DAY);
    const copy = structuredClone(data);
    const taken = world.now();
    await pause(process, disaster === 'failover' ? HOUR : 6 * DAY);
    // A copy that no raise came after cannot be told from the real one: sweeps run at least once in a grace.
    if (disaster === 'restore' && data.generation <= copy.generation) return;
    const live = referenced();
    Object.assign(data, structuredClone(disaster === 'flush' ? memoryData() : copy));
    world.note(`DISASTER ${disaster}, to the state of ${Math.round((world.now() - taken) / MINUTE)} minutes ago`);
    const there = referenced();
    if (disaster === 'failover') {
      for (const [object, at] of there)
        if (!(await objects.get(object))) violate(`I5: after a failover ${at} refers to ${short(object)}, which is gone`);
    }
    if (disaster === 'failover') return;
    lost = true;
    for (const object of live.keys()) if (!there.has(object)) gone.add(object);
    for (const object of there.keys()) if (!(await objects.get(object))) dangling.add(object);
    await pause(process, 4 * DAY);
    for (;;) {
      recovers = true;
      const code = await allowing(async () => {
        did.recovered += (await recover(store, { apply: true })).entries;
      });
      if (code === undefined) break;
      await pause(process, HOUR);
    }
    gone.clear();
    world.note('recovered');
    lost = false;
  };

  for (let index = 0; index < 3; index += 1) {
    const writer = begin(`writer ${index}`, true);
    run(writer.process, () => write(writer.process, writer.store));
  }
  const reader = begin('reader', false);
  run(reader.process, () => read(reader.process, reader.store));
  for (const name of ['keeper 1', 'keeper 2']) {
    const keeper = begin(name, true);
    run(keeper.process, () => tend(keeper.process, keeper.store));
  }
  if (disaster !== 'none') {
    const operator = begin('operator', false);
    run(operator.process, () => strike(operator.process, operator.store));
  }
  await world.until(() => running.size === 0);

  await atTheEnd();
  return { violations, log: world.log, did };

  /** All processes have ended: a sweep finds all that was ever committed, reconcile the rest. */
  async function atTheEnd(): Promise<void> {
    const last = begin('the last keeper', false);
    const steps = async (): Promise<void> => {
      for (let day = 0; day < 4; day += 1) {
        await world.clock(last.process).sleep(DAY + HOUR);
        await sweep(last.store);
      }
      const names = async (): Promise<string[]> => {
        const keys: string[] = [];
        for await (const { key } of objects.list('')) if (parseObjectKey('default', key)) keys.push(key);
        return keys;
      };
      const live = referenced();
      if (disaster === 'none') {
        for (const object of await names()) {
          if (!live.has(object) && committed.has(object) && !isHeld(data, object)) violate(`I4: no sweep finds ${short(object)}`);
        }
      }
      await world.clock(last.process).sleep(40 * DAY);
      await sweep(last.store);
      await world.clock(last.process).sleep(2 * DAY);
      await sweep(last.store);
      const reconciled = (): Promise<string | undefined> =>
        allowing(async () => void (await reconcile(last.store, { apply: true, maxShare: 1 })));
      let outcome = await reconciled();
      while (outcome === 'mooring.store-unavailable') outcome = await reconciled();
      // After a failover that lost a raise it refuses, as it should.
      if (outcome !== undefined && disaster === 'none') violate(`the last reconcile ended with ${outcome}`);
      if (outcome === undefined)
        for (const object of await names())
          if (!referenced().has(object)) violate(`I4: reconcile does not find ${short(object)}`);
    };
    run(last.process, steps);
    await world.until(() => running.size === 0);
  }

  /** Lets pass what a store in trouble does, and resolves with the code; anything else is a violation. */
  async function allowing(work: () => Promise<void>, mayMiss: () => boolean = () => false): Promise<string | undefined> {
    const exempt = mayMiss();
    try {
      await work();
      return undefined;
    } catch (error) {
      const code = isMooringError(error) ? error.code : String(error);
      const isDangling = [...dangling].some((object) => String(error).includes(object));
      if (code === 'mooring.missing-object' && (exempt || mayMiss() || isDangling)) return code;
      if (ALLOWED.has(code)) return code;
      violate(`I7: ${code}: ${(error as Error).message}`);
      return code;
    }
  }
}

const ALLOWED: ReadonlySet<string> = new Set([
  'mooring.store-unavailable',
  'mooring.outcome-unknown',
  'mooring.stale-attempt',
  'mooring.state-lost',
]);

async function attemptState(
  store: StateStore,
  scope: (typeof SCOPES)[number],
  attempt: number,
  random: () => number,
): Promise<StateHandle> {
  const core = internalsOf(store);
  const nonce = drawNonce('attempt', random);
  const writer = createWriter(orderedFence([attempt, 0]), nonce);
  const access: Access = { ...unfencedAccess(random), fenced: true, by: scope, writer: () => Promise.resolve(writer) };
  return createStateHandle(core, scope, access);
}

/** Objects that entries refer to which count, each with its path and name. */
function liveReferences(data: MemoryData, now: number): Map<string, string> {
  const found = new Map<string, string>();
  for (const [path, hash] of data.scopes) {
    if (hash.expiresAt !== undefined && hash.expiresAt <= now) continue;
    for (const [field, text] of hash.fields) {
      if (!field.startsWith('e:') || !liveHead(text, now)) continue;
      const object = parseEntry(text, {}).meta.ref?.object;
      if (object !== undefined) found.set(object, `${path} ${field}`);
    }
  }
  return found;
}

/** Whether an entry that has expired, or a list, still names it: a later sweep removes it. */
function isHeld(data: MemoryData, object: string): boolean {
  return [...data.scopes.values()].some((hash) =>
    [...hash.fields].some(([field, text]) => field === `s:${object}` || (field.startsWith('e:') && text.includes(object))),
  );
}
