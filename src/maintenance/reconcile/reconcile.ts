import type { CallOptions } from '../../async/deadline.ts';
import type { Duration } from '../../model/duration.ts';
import { ConfigError } from '../../model/errors/store.ts';
import { anything, callable, trueOrFalse, type Checks } from '../../model/checks.ts';
import { internalsOf, type Internals } from '../../state-store/internals.ts';
import { stepped } from '../../state-store/objects/listing.ts';
import type { StateStore } from '../../state-store/state-store.ts';
import type { SweepReport } from '../../observe/events.ts';
import { candidatePages, unreferenced, type Candidate } from './candidates.ts';
import { deleteObjects } from '../delete-objects.ts';
import { raise, readLineage, requireSound, type StoreLineage } from '../lineage.ts';
import { BATCH, graceMs, LEAST_OF_RECONCILE, requireOptions, shareCheck } from '../settings.ts';
import { indexAllJobs } from '../job-index.ts';
import { createTally, type Tally } from '../counts.ts';

/** Options of `reconcile()`. */
export interface ReconcileOptions extends CallOptions {
  /**
   * Deletes; otherwise only says what would be deleted.
   * @defaultValue false
   */
  apply?: boolean;
  /**
   * Refuses to delete more than this share of the objects of an object store, from 0 to 1. So many objects that nothing refers to
   * are a sign that something is wrong. Up to 10 objects may always go.
   * @defaultValue 0.1
   */
  maxShare?: number;
  /**
   * Only objects that were put longer ago than this are deleted, by the time in their name. At least two hours: a write may take
   * one, and the clocks of the metastore's nodes may differ.
   * @defaultValue `'1d'`
   */
  grace?: Duration;
  /**
   * Hears how far it is, after every batch that was listed or removed. `listed` counts the objects that were listed so far.
   * @defaultValue none
   */
  onProgress?: (soFar: SweepReport & { readonly listed: number }) => void;
}

const OPTIONS: Checks<ReconcileOptions> = {
  signal: anything,
  apply: trueOrFalse,
  maxShare: shareCheck,
  grace: anything,
  onProgress: callable,
};

/** In a store with few objects, a single one that a crash left is more than any share. */
const ALWAYS_ALLOWED = 10;

interface Parts {
  core: Internals;
  tally: Tally;
  apply: boolean;
  maxShare: number;
  /** Milliseconds. */
  grace: number;
  onListed: (more: number) => void;
  tell: () => void;
  call: CallOptions;
}

/**
 * Lists the object stores and removes objects that nothing refers to. A crash left them before its write was committed, or the
 * metastore forgot them because no sweep ran in time. Also ends uploads that were never finished, and puts jobs into the index of
 * jobs that an older version wrote without it. It costs as much as there is stored.
 *
 * @throws `StateLostError` if the metastore may lack references; `ConfigError` for an invalid option, and if more than
 * `maxShare`, and more than 10, would go; `StoreUnavailableError`; the signal's reason
 */
export async function reconcile(store: StateStore, options: ReconcileOptions = {}): Promise<SweepReport> {
  const core = internalsOf(store);
  requireOptions(options, OPTIONS);
  const { signal, onProgress } = options;
  const tally = createTally(core);
  let listed = 0;
  const tell = (): void => onProgress?.({ ...tally.report(), listed });
  const onListed = (more: number): void => {
    listed += more;
    tell();
  };
  const parts: Parts = {
    core,
    tally,
    apply: options.apply ?? false,
    maxShare: options.maxShare ?? 0.1,
    grace: graceMs(options.grace, LEAST_OF_RECONCILE),
    onListed,
    tell,
    call: signal ? { signal } : {},
  };
  return core.track(() => reconcileAll(parts));
}

async function reconcileAll(parts: Parts): Promise<SweepReport> {
  const { core, apply, grace, tally, call } = parts;
  const lineage = await readLineage(core, call);
  requireSound(lineage);
  // From here on an older copy of the metastore is behind.
  if (apply) await raise(core, lineage, call);
  const until = (await core.metastore.now(call)) - grace;
  for (const location of lineage.stores) {
    const found = await count(parts, location, until);
    await requireReferences(parts);
    requireShare(parts, location, found);
    if (!apply) say(parts, found);
    else if (found.unreferenced > 0) await remove(parts, location, until, found.unreferenced);
    await endUploads(parts, location, until);
  }
  if (apply) await indexAllJobs(core, call);
  const report = tally.report();
  if (apply) core.emit({ type: 'sweep', report });
  return report;
}

/** Looks again whether the metastore is the one whose references were read. */
async function requireReferences({ core, call }: Parts): Promise<void> {
  requireSound(await readLineage(core, call));
}

/** What a first listing came to. Nothing else of the listing is kept. */
interface Found {
  listed: number;
  unreferenced: number;
  /** Bytes of those objects. */
  bytes: number;
}

async function count({ core, onListed, call }: Parts, location: StoreLineage, until: number): Promise<Found> {
  const found: Found = { listed: 0, unreferenced: 0, bytes: 0 };
  const hear = (more: number): void => {
    found.listed += more;
    onListed(more);
  };
  for await (const page of candidatePages(core, location, until, hear, call)) {
    found.unreferenced += page.length;
    for (const { size } of page) found.bytes += size;
  }
  return found;
}

function say({ tally, tell }: Parts, { unreferenced: objects, bytes }: Found): void {
  tally.objects += objects;
  tally.bytes += bytes;
  tell();
}

function requireShare({ apply, maxShare, core }: Parts, { store }: StoreLineage, found: Found): void {
  const { listed, unreferenced: objects } = found;
  const reached = listed === 0 ? 0 : objects / listed;
  if (objects <= ALWAYS_ALLOWED || reached <= maxShare) return;
  const counts = { store: store.alias, listed, unreferenced: objects, maxShare };
  if (!apply) {
    core.logger?.warn(counts, 'more objects than maxShare allows: reconcile() would refuse to delete them');
    return;
  }
  throw new ConfigError(
    'maxShare',
    `must be at least ${Math.ceil(reached * 100) / 100} to delete ${objects} of the ${listed} objects of ${store.alias}; look first whether that can be true`,
    maxShare,
  );
}

/**
 * Lists once more, and removes as it goes. It never removes more than were counted: the count that the share was decided on is an
 * upper bound, whatever became of the references since.
 */
async function remove(parts: Parts, location: StoreLineage, until: number, counted: number): Promise<void> {
  // The first listing has logged all warnings.
  const core = { ...parts.core, logger: undefined };
  let left = counted;
  let waiting: Candidate[] = [];
  const removeSome = async (): Promise<void> => {
    const batch = waiting.slice(0, Math.min(BATCH, left));
    waiting = waiting.slice(batch.length);
    left -= batch.length;
    await removeBatch(parts, location, batch);
  };
  for await (const page of candidatePages(core, location, until, () => undefined, parts.call)) {
    waiting.push(...page);
    while (left > 0 && waiting.length >= Math.min(BATCH, left)) await removeSome();
    if (left === 0) return;
  }
  if (waiting.length > 0) await removeSome();
}

async function removeBatch(parts: Parts, { store }: StoreLineage, candidates: readonly Candidate[]): Promise<void> {
  const { core, tally, tell, call } = parts;
  call.signal?.throwIfAborted();
  // `recover()` may have made a reference to one of them since. This is asked last, so that no slow step lies before the deletes.
  // None of them had a reference before the metastore was seen to be sound, so nothing relies on this answer alone.
  await requireReferences(parts);
  const batch = await unreferenced(core.metastore.references, candidates, call);
  const doomed = batch.map(({ object }) => ({ store: store.alias, object }));
  const stayed = await deleteObjects(core, doomed, BATCH, call);
  for (const { object, size } of batch) {
    if (stayed.has(object)) {
      tally.fail(object, stayed.get(object));
      continue;
    }
    tally.objects += 1;
    tally.bytes += size;
  }
  tell();
}

/** An unfinished upload is no object, and nothing can refer to it. */
async function endUploads({ core, apply, tally, call }: Parts, { store }: StoreLineage, until: number): Promise<void> {
  const unfinished = store.unfinished?.bind(store);
  if (!unfinished) return;
  const options = { prefix: `${core.namespace}/`, remove: apply };
  const begin = (own: { signal: AbortSignal }): AsyncIterable<unknown> => unfinished(new Date(until), { ...own, ...options });
  const uploads = stepped(core, { store, where: {}, call }, 'looking for unfinished uploads', begin);
  try {
    for await (const _upload of uploads) tally.objects += 1;
  } catch (error) {
    call.signal?.throwIfAborted();
    // S3 has a right of its own for this. If it is missing, the report still has what was deleted.
    tally.fail(options.prefix, error);
  }
}
