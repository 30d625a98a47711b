import type { CallOptions } from '../../async/deadline.ts';
import type { SweptPage } from '../../metastore/metastore.ts';
import { randomText } from '../../async/random.ts';
import { concurrently } from '../../async/concurrency.ts';
import type { Internals } from '../../state-store/internals.ts';
import { deleteObjects } from '../delete-objects.ts';
import type { Tally } from '../counts.ts';

/**
 * One page of several scopes at a time: their scripts run at the same time, and their objects go with the same requests. An
 * object goes first, its place on the list after: a place whose object is gone, which a crash between the two leaves, is
 * harmless.
 */

/** What a sweep works with. */
export interface SweepParts {
  core: Internals;
  tally: Tally;
  /** Fields for each script, and objects for each request. */
  batch: number;
  /** Milliseconds. */
  grace: number;
  dryRun: boolean;
  call: CallOptions;
}

/** A scope that is being swept. */
export interface OpenScope {
  path: string;
  nonce: string;
  cursor: string;
  nextDue: number | undefined;
  /** Something in the scope could not be done, so it stays due. */
  failed: boolean;
}

/** A scope before its first page. */
export function openScope(core: Internals, path: string): OpenScope {
  return { path, nonce: randomText(core.random, 16), cursor: '0', nextDue: undefined, failed: false };
}

/** Takes one page of each scope; resolves with the scopes that have more. */
export async function sweepRound(parts: SweepParts, scopes: readonly OpenScope[]): Promise<OpenScope[]> {
  const { core, tally, call, dryRun } = parts;
  const pages = await concurrently(scopes, (scope) => nextPage(parts, scope));
  const found = scopes.flatMap((scope, at) => {
    const page = pages[at];
    return page ? [{ scope: advanced(scope, page), page }] : [];
  });
  for (const { page } of found) tally.entries += page.entries.length;
  const objects = found.flatMap(({ page }) => page.objects);
  const stayed = dryRun ? new Map<string, unknown>() : await deleteObjects(core, objects, parts.batch, call);
  for (const { object, storedSize } of objects) {
    if (stayed.has(object)) continue;
    tally.objects += 1;
    tally.bytes += storedSize;
  }
  const after = await concurrently(found, ({ scope, page }) => settle(parts, scope, page, stayed));
  return after.filter(({ cursor }) => cursor !== '0');
}

/** A page; `undefined` if it could not be had, and the scope stays due. */
async function nextPage(parts: SweepParts, { path, nonce, cursor }: OpenScope): Promise<SweptPage | undefined> {
  const { core, tally, batch, grace, dryRun, call } = parts;
  try {
    return await core.metastore.sweep.page({ path }, { nonce, cursor, count: batch, grace, dryRun }, call);
  } catch (error) {
    call.signal?.throwIfAborted();
    tally.fail(path, error);
    return undefined;
  }
}

function advanced(scope: OpenScope, { cursor, nextDue }: SweptPage): OpenScope {
  const due = [scope.nextDue, nextDue].filter((at) => at !== undefined);
  return { ...scope, cursor, nextDue: due.length > 0 ? Math.min(...due) : undefined };
}

/** Takes what is gone off the list; after the last page, says when the scope is due again. */
async function settle(
  { core, tally, dryRun, call }: SweepParts,
  scope: OpenScope,
  { objects }: SweptPage,
  stayed: ReadonlyMap<string, unknown>,
): Promise<OpenScope> {
  const { path, nonce, nextDue } = scope;
  const failures = objects.filter(({ object }) => stayed.has(object));
  for (const { object } of failures) tally.fail(path, stayed.get(object));
  const gone = objects.filter(({ object }) => !stayed.has(object)).map(({ object }) => object);
  const failed = scope.failed || failures.length > 0;
  if (dryRun) return scope;
  try {
    if (gone.length > 0) await core.metastore.sweep.forget({ path }, gone, call);
    // A scope that failed keeps its place in the index, and the next sweep meets it again.
    if (scope.cursor === '0' && !failed) await core.metastore.sweep.end({ path }, { nonce, nextDue }, call);
    return { ...scope, failed };
  } catch (error) {
    call.signal?.throwIfAborted();
    tally.fail(path, error);
    return { ...scope, failed: true };
  }
}
