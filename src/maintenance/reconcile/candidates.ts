import type { CallOptions } from '../../async/deadline.ts';
import { StateLostError } from '../../model/errors/store.ts';
import { concurrently } from '../../async/concurrency.ts';
import type { MetastoreReferences } from '../../metastore/metastore.ts';
import type { Internals } from '../../state-store/internals.ts';
import { isProbe } from '../../state-store/objects/probe.ts';
import type { StoreLineage } from '../lineage.ts';
import { ownObjects } from '../own-objects.ts';

/**
 * Finding objects that nothing refers to: the bucket is listed first, and what the metastore knows is read after. Nothing that
 * was found is kept here, so that memory does not grow with the bucket.
 */

/** An object of this library, as it was listed. */
export interface Candidate {
  object: string;
  /** Bytes. */
  size: number;
  /** The path of its scope. */
  path: string;
  /** The name of its key in the scope. */
  name: string;
}

/** Objects whose references are asked for together. */
const PAGE = 1_000;

/**
 * Lists an object store and gives, page by page, the objects in no entry and on no list of superseded objects. They were put
 * before `until`, by the time in their name.
 *
 * @param onListed - Hears how many more objects of values were listed, also young ones, after every page and at the end.
 * @throws {@link StateLostError} when there are objects and no generation, which the first writer would have made.
 */
export async function* candidatePages(
  core: Internals,
  { store, generations }: StoreLineage,
  until: number,
  onListed: (more: number) => void,
  call: CallOptions,
): AsyncGenerator<Candidate[], void, undefined> {
  let listed = 0;
  let page: Candidate[] = [];
  for await (const parsed of ownObjects(core, store, call)) {
    if (!generations && !isProbe(parsed.path)) {
      throw new StateLostError('the object store holds objects and no generation', { store: store.alias });
    }
    listed += 1;
    if (listed % PAGE === 0) onListed(PAGE);
    if (parsed.time >= until) continue;
    const { object, size, path, name } = parsed;
    page.push({ object, size, path, name });
    if (page.length < PAGE) continue;
    yield await unreferenced(core.metastore.references, page, call);
    page = [];
  }
  onListed(listed % PAGE);
  yield await unreferenced(core.metastore.references, page, call);
}

/** The objects among these that the metastore does not know now. */
export async function unreferenced(
  references: MetastoreReferences,
  objects: readonly Candidate[],
  call: CallOptions,
): Promise<Candidate[]> {
  const byPath = new Map<string, Candidate[]>();
  for (const object of objects) {
    const some = byPath.get(object.path);
    if (some) some.push(object);
    else byPath.set(object.path, [object]);
  }
  const left = await concurrently([...byPath], async ([path, some]) => {
    const asked = some.map(({ name, object }) => ({ name, object }));
    const held = await references.held({ path }, asked, call);
    return some.filter((_object, at) => held[at] === false);
  });
  return left.flat();
}
