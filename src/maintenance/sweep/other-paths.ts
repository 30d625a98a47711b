import type { CallOptions } from '../../async/deadline.ts';
import { ENTRY_FORMAT } from '../../format/entry.ts';
import { StoreUnavailableError } from '../../model/errors/store.ts';
import { parseObjectKey } from '../../format/object-name.ts';
import type { StoreCore } from '../../state-store/internals.ts';

/**
 * An asset that was declared by name and URI has two paths: one holds its entries, the other leads there. Objects lie under both,
 * and one may be on the list of a path while the entry that refers to it lies at the other.
 */

/** More than this in a row means that declarations change just now. */
const MOST_MOVES = 3;

/**
 * Those of the objects on the list of a scope to which an entry refers that lies at another path. What only a newer version reads
 * may refer to any object of its name.
 *
 * @throws {@link StoreUnavailableError}
 */
export async function referredElsewhere(
  core: StoreCore,
  path: string,
  objects: readonly string[],
  call: CallOptions,
): Promise<ReadonlySet<string>> {
  const referred = new Set<string>();
  if (!path.startsWith('assets/') || objects.length === 0) return referred;
  const byPath = new Map<string, { object: string; name: string }[]>();
  for (const object of objects) {
    const parsed = parseObjectKey(core.namespace, object);
    if (!parsed) continue;
    for (const from of new Set([path, parsed.path])) {
      const some = byPath.get(from) ?? [];
      byPath.set(from, [...some, { object, name: parsed.name }]);
    }
  }
  for (const [from, some] of byPath) {
    const names = some.map(({ name }) => name);
    const texts = await textsOf(core, from, names, call);
    for (const [at, { object }] of some.entries()) {
      const text = texts[at];
      if (text !== undefined && (text[0] !== ENTRY_FORMAT || text.includes(object))) referred.add(object);
    }
  }
  return referred;
}

/** The entries of the names, wherever the path leads by now. */
async function textsOf(
  core: StoreCore,
  from: string,
  names: readonly string[],
  call: CallOptions,
): Promise<readonly (string | undefined)[]> {
  let path = from;
  for (let moves = 0; moves < MOST_MOVES; moves += 1) {
    const found = await core.metastore.read({ path }, names, call);
    if (!('moved' in found)) return found.map((entry) => entry?.text);
    path = found.moved;
  }
  throw new StoreUnavailableError('the names of the asset are declared anew just now', { store: core.metastore.name });
}
