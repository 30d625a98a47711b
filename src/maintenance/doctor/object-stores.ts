import type { CallOptions } from '../../async/deadline.ts';
import { isMooringError, StoreUnavailableError } from '../../model/errors/store.ts';
import type { ObjectStore } from '../../object-store/object-store.ts';
import type { Internals } from '../../state-store/internals.ts';
import { getObject, within, type ObjectCall } from '../../state-store/objects/calls.ts';
import { listObjects } from '../../state-store/objects/listing.ts';
import { examineCleanUp } from './clean-up.ts';
import { textOf, type Findings } from './finding.ts';
import { readLineage, type StoreLineage } from '../lineage.ts';
import { probeKey } from '../../state-store/objects/probe.ts';
import { clockFinding } from './skew.ts';

/** What `doctor()` says of the object stores: can they be used, and does the metastore know their objects. */

const RIGHTS = 'Check bucket, region, prefix and credentials; docs/operations.md lists the rights that each role needs.';

const PRINTED = '`mooring lifecycle` prints rules that remove what a sweep never saw, and unfinished uploads';

/** Looks at every object store. */
export async function examineObjectStores(core: Internals, findings: Findings, call: CallOptions): Promise<void> {
  if (core.locations.size === 0) {
    findings.ok('object-store', 'there is none: all values stay in the metastore');
    return;
  }
  const remedy = remedyOf(core);
  for (const store of core.locations.values()) {
    const check = store === core.objectStore ? examineCurrent : examineFormer;
    const usable = await findings.look('object-store', remedy, () => check(core, store, findings, call));
    if (usable && store === core.objectStore) await examineCleanUp(core, store, findings, call);
  }
  await findings.look('generation', remedy, async () => {
    const { stores } = await readLineage(core, call);
    const now = await core.metastore.now(call);
    for (const one of stores) examineLineage(one, now, findings);
  });
  for (const store of core.locations.values()) await examineRules(core, store, findings, call);
}

/** What the store that failed knows to do, else what is right for most buckets. */
function remedyOf(core: Internals): (error: unknown) => string {
  return (error) => {
    const alias = isMooringError(error) ? error.store : undefined;
    const store = [...core.locations.values()].find((one) => one.alias === alias);
    return store?.remedy?.(error) ?? RIGHTS;
  };
}

/** Nothing relies on rules, and to see them needs a right of its own. So it is no trouble if they cannot be seen. */
async function examineRules(core: Internals, store: ObjectStore, findings: Findings, call: CallOptions): Promise<void> {
  const prefix = `${core.namespace}/`;
  const rules = store.rules?.bind(store);
  if (!rules) {
    findings.ok('lifecycle', `rules of ${store.alias}, if it has any, are not looked at; ${PRINTED}`);
    return;
  }
  try {
    const found = await within(core, { store, where: {}, call }, 'reading the lifecycle rules', (signal) =>
      rules(prefix, { signal }),
    );
    if (!found) {
      findings.ok('lifecycle', `${store.alias} has no rules: only sweep() and reconcile() remove anything there`);
      return;
    }
    const { endsUploads, deleting } = found;
    findings.ok('lifecycle', `${store.alias}: ${uploadsEnd(endsUploads)}`);
    // Rules that `mooring lifecycle` printed know the longest time that a value is kept.
    const foreign = deleting.filter((name) => !name.startsWith(`mooring ${core.namespace}: `));
    if (foreign.length === 0) return;
    findings.warning(
      'lifecycle',
      `${store.alias}: objects below ${prefix} are deleted by age, whether or not a value needs them, by the rules ${foreign.map((name) => JSON.stringify(name)).join(', ')}`,
      'Narrow them to other prefixes, or replace them with those that `mooring lifecycle` prints.',
    );
  } catch (error) {
    call.signal?.throwIfAborted();
    findings.ok('lifecycle', `${store.alias}: the rules cannot be looked at (${textOf(error)}); ${PRINTED}`);
  }
}

function uploadsEnd(byRule: boolean | undefined): string {
  if (byRule === undefined) return 'unfinished uploads end by themselves';
  return byRule ? 'a rule ends unfinished uploads' : `no rule ends unfinished uploads, reconcile() does; ${PRINTED}`;
}

async function examineFormer(core: Internals, store: ObjectStore, findings: Findings, call: CallOptions): Promise<void> {
  const at: ObjectCall = { store, where: {}, call };
  const key = probeKey(core, await core.metastore.now(call));
  await getObject(core, at, key, 0);
  for await (const _object of listObjects(core, at, `${core.namespace}/`)) break;
  findings.ok('object-store', `${store.alias} can be read and listed; whether it lets delete is seen by the next sweep`);
}

/** Puts an object twice, reads, lists and deletes it. */
async function examineCurrent(core: Internals, store: ObjectStore, findings: Findings, call: CallOptions): Promise<void> {
  const at: ObjectCall = { store, where: {}, call };
  const now = await core.metastore.now(call);
  const key = probeKey(core, now);
  const body = Buffer.from('doctor');
  const put = (): Promise<'created' | 'exists'> =>
    within(core, at, 'putting an object', (signal) => store.put(key, body, { signal, ifAbsent: true }));
  const remove = (signal?: AbortSignal): ReturnType<ObjectStore['delete']> =>
    within(core, { ...at, call: signal ? { signal } : {} }, 'deleting an object', (own) => store.delete([key], { signal: own }));
  try {
    await put();
    const again = await put();
    const there = await getObject(core, at, key, body.length);
    if (!there || Buffer.compare(there, body) !== 0) throw unusable('an object does not hold what was put there', store);
    let modifiedAt: Date | undefined;
    for await (const listed of listObjects(core, at, key)) modifiedAt = listed.modifiedAt;
    const [failed] = await remove(call.signal);
    if (failed) throw unusable('deleting an object failed', store, failed.error);
    findings.ok('object-store', `${store.alias} can be written, read, listed and deleted from`);
    if (again === 'exists') findings.ok('conditional-writes', `${store.alias} makes an object only if there is none`);
    else {
      findings.warning(
        'conditional-writes',
        `${store.alias} replaces an object although it was asked not to; no value rests on it, since no name is used twice`,
        'Nothing has to be done. A newer version of the server may have conditional writes.',
      );
    }
    if (modifiedAt)
      clockFinding(findings, 'object-store-clock', store.alias, modifiedAt.getTime(), [now, await core.metastore.now(call)]);
  } catch (error) {
    // At the same time as the error, which must not wait for a store that is in trouble.
    void core.track(() => remove()).catch(() => undefined);
    throw error;
  }
}

function unusable(what: string, store: ObjectStore, cause?: unknown): StoreUnavailableError {
  return new StoreUnavailableError(what, { store: store.alias, cause });
}

function examineLineage({ store, generations, verdict }: StoreLineage, now: number, findings: Findings): void {
  if (!generations) {
    findings.ok('generation', `no object was put in ${store.alias} yet`);
    return;
  }
  if (verdict.kind !== 'sound') {
    const remedy =
      verdict.kind === 'ahead'
        ? 'Run sweep().'
        : 'Restore Redis from its newest copy, or run recover() with apply; until then reconcile() refuses. Objects that recover() names as unreadable: give it their codec or encryption, or delete them or move them away, then run it again.';
    findings.error('generation', `${store.alias}: ${verdict.why}`, remedy);
    return;
  }
  const { generation = 0, raisedAt = now } = generations.newest ?? {};
  const hours = Math.max(0, Math.round((now - raisedAt) / 3_600_000));
  findings.ok('generation', `the metastore is the one that ${store.alias} belongs to (generation ${generation}, ${hours} h old)`);
}
