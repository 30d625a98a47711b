import type { CallOptions } from '../../async/deadline.ts';
import { parseEntry, type Reference } from '../../format/entry.ts';
import { ConfigError, UnknownLocationError } from '../../model/errors/store.ts';
import { drawNonce, UNFENCED, writeIdText } from '../../format/write-id.ts';
import { anything, callable, trueOrFalse, type Checks } from '../../model/checks.ts';
import { decodeSegment } from '../../format/path.ts';
import { concurrently } from '../../async/concurrency.ts';
import { internalsOf, type Internals } from '../../state-store/internals.ts';
import { listObjects } from '../../state-store/objects/listing.ts';
import type { StateStore } from '../../state-store/state-store.ts';
import { beginAnew } from '../lineage.ts';
import { newestOf, objectsByKey, type FoundObject, type KeyObjects } from './newest-objects.ts';
import { isProbe } from '../../state-store/objects/probe.ts';
import { rebuildEntry } from './rebuild-entry.ts';
import { requireOptions } from '../settings.ts';
import { failureCode } from '../counts.ts';

/** An entry that `recover()` brings back, or would. */
export interface RecoveredEntry {
  /** The path of the scope. */
  path: string;
  /** The key as it was written; a digest if it was too long for an object's name. */
  key: string;
  /** Where the value is. */
  object: string;
  /** Bytes of the value. */
  size: number;
  /** When it was written. */
  writtenAt: Date;
}

/** What `recover()` did, or would do. */
export interface RecoverReport {
  /** Entries that were brought back. */
  entries: number;
  /** Keys that were left unchanged: they have an entry, or were deleted, or their newest object cannot be read. */
  skipped: number;
  /**
   * The skipped keys whose newest object is there and cannot be read; the logger hears which and why. As long as there are any,
   * `reconcile()` refuses. Give the store the codec or the encryption they were written with, or delete them or move them away;
   * then run `recover()` with `apply` again.
   */
  unreadable: number;
}

/** Options of `recover()`. */
export interface RecoverOptions extends CallOptions {
  /**
   * Writes the entries; otherwise only says which.
   * @defaultValue false
   */
  apply?: boolean;
  /**
   * Hears of each entry that is brought back, or would be.
   * @defaultValue none
   */
  onEntry?: (entry: RecoveredEntry) => void;
}

const OPTIONS: Checks<RecoverOptions> = { signal: anything, apply: trueOrFalse, onEntry: callable };
/** Keys that are taken from the listings at once, and worked on at the same time. */
const AT_ONCE = 64;
const LANES = 4;

interface Parts {
  core: Internals;
  apply: boolean;
  onEntry: RecoverOptions['onEntry'];
  call: CallOptions;
  report: { entries: number; skipped: number; unreadable: number };
}

/**
 * After the metastore lost its state, makes the entries of offloaded values again, from the newest object of each key. It may
 * bring back a value that was never committed, was deleted, or had expired. It cannot bring back inline values, external-job
 * records, fences and the ends of retentions: they are not in the objects. An existing entry stays, unless its object is gone.
 * Afterwards `reconcile()` trusts the metastore again, unless an object could not be read. Best run while nothing else writes.
 *
 * @throws `ConfigError` for an invalid option, and for a store without an `objectStore`; `StoreUnavailableError`; the signal's
 * reason
 */
export async function recover(store: StateStore, options: RecoverOptions = {}): Promise<RecoverReport> {
  const core = internalsOf(store);
  requireOptions(options, OPTIONS);
  const { signal, onEntry } = options;
  // The new lineage is written there.
  if (!core.objectStore) throw new ConfigError('objectStore', 'must be given: recover needs the object store that is written to');
  const parts: Parts = {
    core,
    apply: options.apply ?? false,
    onEntry,
    call: signal ? { signal } : {},
    report: { entries: 0, skipped: 0, unreadable: 0 },
  };
  return core.track(() => recoverAll(parts));
}

async function recoverAll(parts: Parts): Promise<RecoverReport> {
  const { core, apply, call, report } = parts;
  let some: KeyObjects[] = [];
  const recoverSome = async (): Promise<void> => {
    call.signal?.throwIfAborted();
    await concurrently(some, (key) => recoverKey(parts, key), LANES);
    some = [];
  };
  for await (const key of objectsByKey(core, call)) {
    some.push(key);
    if (some.length === AT_ONCE) await recoverSome();
  }
  await recoverSome();
  if (!apply) return report;
  // Only now, and only if all could be read: `reconcile()` would delete the objects that it finds no entry for.
  if (report.unreadable === 0) await beginAnew(core, report.entries + report.skipped > 0, call);
  else {
    const { unreadable } = report;
    core.logger?.warn({ unreadable }, 'not all objects can be read: until they can, or are deleted by hand, reconcile() refuses');
  }
  return report;
}

async function recoverKey(parts: Parts, key: KeyObjects): Promise<void> {
  const { core, apply, call, report } = parts;
  const newest = newestOf(key.objects);
  if (!newest || isProbe(key.path)) return;
  const there = await whatIsThere(core, key, call);
  if (there.kind === 'kept') {
    report.skipped += 1;
    return;
  }
  const meta = await rebuildEntry(core, newest, call).catch((error: unknown) => {
    call.signal?.throwIfAborted();
    const code = failureCode(error);
    if (code === 'mooring.store-unavailable') throw error;
    if (code !== 'mooring.missing-object') report.unreadable += 1;
    core.logger?.warn({ object: newest.object, code, err: error }, 'an object cannot be read, and was left unchanged');
  });
  if (!meta) {
    report.skipped += 1;
    return;
  }
  const retention = key.path.startsWith('assets/') ? 'forever' : core.retention;
  const entry = { id: newest.id, name: key.name, meta, retention, instead: there.instead, apply };
  const outcome = await core.metastore.references.restore({ path: key.path }, entry, call);
  if (outcome === 'there' || (apply && !(await isStillThere(core, newest, call)))) {
    report.skipped += 1;
    return;
  }
  report.entries += 1;
  tell(parts, newest, meta.size);
}

/**
 * Whether the object outlived the step that made its entry. A sweep that runs now may have deleted the object just before, and
 * taken it off the list that would have kept the entry away. Then the entry goes too, unless somebody has written the key since.
 */
async function isStillThere(core: Internals, found: FoundObject, call: CallOptions): Promise<boolean> {
  const { store, path, object, name } = found;
  if (await exists(core, store.alias, object, call)) return true;
  const id = { fence: UNFENCED, nonce: drawNonce('tool', core.random), sequence: 1 };
  const began = await core.metastore.now(call);
  const changes = [{ name, expect: writeIdText(found.id) }];
  const { kind } = await core.metastore.values.write({ path }, { id, fenced: false, began, changes, resent: false }, call);
  core.logger?.warn({ object, kind }, 'an object was deleted while its entry was brought back; the entry was taken back');
  return false;
}

function tell({ core, apply, onEntry }: Parts, { path, name, object, time }: FoundObject, size: number): void {
  const entry = { path, key: decodeSegment(name) ?? name, object, size, writtenAt: new Date(time) };
  core.logger?.info(entry, apply ? 'an entry was brought back' : 'an entry would be brought back');
  onEntry?.(entry);
}

/** What the key holds now; `instead` is the object of its entry, which is gone. */
type There = { kind: 'kept' } | { kind: 'lost'; instead: string | undefined };

async function whatIsThere(core: Internals, { path, name, objects }: KeyObjects, call: CallOptions): Promise<There> {
  const [found] = await core.metastore.values.read({ path }, [name], call);
  if (!found) return { kind: 'lost', instead: undefined };
  const ref = referenceIn(core, found.text, name);
  if (!ref) return { kind: 'kept' };
  const listed = objects.some(({ object, store }) => object === ref.object && store.alias === ref.store);
  if (listed || (await exists(core, ref.store, ref.object, call))) return { kind: 'kept' };
  return { kind: 'lost', instead: ref.object };
}

/** Nothing for an inline value, and for an entry that only a newer version can read. */
function referenceIn(core: Internals, text: string, name: string): Reference | undefined {
  try {
    return parseEntry(text, { key: decodeSegment(name) ?? name }).meta.ref;
  } catch (error) {
    core.logger?.warn({ code: failureCode(error), err: error }, 'an entry that cannot be read was left unchanged');
    return undefined;
  }
}

/** Whether an object is there now: it may have been put after it was listed. An object in an unknown store counts as there. */
async function exists(core: Internals, alias: string, object: string, call: CallOptions): Promise<boolean> {
  const store = core.locations.get(alias);
  if (!store) {
    core.logger?.warn(
      { object, err: new UnknownLocationError(alias, [...core.locations.keys()]) },
      'an entry was left unchanged',
    );
    return true;
  }
  for await (const { key } of listObjects(core, { store, where: {}, call }, object)) if (key === object) return true;
  return false;
}
