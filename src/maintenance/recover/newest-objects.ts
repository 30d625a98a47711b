import type { CallOptions } from '../../async/deadline.ts';
import { UNFENCED, writeIdText } from '../../format/write-id.ts';
import type { ObjectStore } from '../../object-store/object-store.ts';
import type { Internals } from '../../state-store/internals.ts';
import { ownObjects, type OwnObject } from '../own-objects.ts';

/**
 * All objects of one key at a time, over all object stores. Listings come in the order of the keys, so the objects of one key
 * stand together. Memory grows with no more than the objects of one key.
 */

/** An object that was listed, what its key says, and where it is. */
export interface FoundObject extends OwnObject {
  store: ObjectStore;
}

/** The objects of one key. */
export interface KeyObjects {
  path: string;
  name: string;
  objects: FoundObject[];
}

interface Run extends KeyObjects {
  /** What their keys begin with. */
  prefix: string;
}

/** Goes through the keys of all object stores, in order, each once. */
export async function* objectsByKey(core: Internals, call: CallOptions): AsyncGenerator<KeyObjects, void, undefined> {
  const sources = [...core.locations.values()].map((store) => runsOf(core, store, call));
  try {
    const heads = await Promise.all(sources.map((source) => source.next()));
    for (;;) {
      const runs = heads.flatMap(({ value }) => (value ? [value] : []));
      const first = runs.reduce<Run | undefined>((least, run) => (least && least.prefix <= run.prefix ? least : run), undefined);
      if (!first) return;
      yield {
        path: first.path,
        name: first.name,
        objects: runs.flatMap((run) => (run.prefix === first.prefix ? run.objects : [])),
      };
      for (const [at, head] of heads.entries()) {
        if (head.value?.prefix !== first.prefix) continue;
        heads[at] = await (sources[at] as (typeof sources)[number]).next();
      }
    }
  } finally {
    await Promise.all(sources.map((source) => source.return()));
  }
}

async function* runsOf(core: Internals, store: ObjectStore, call: CallOptions): AsyncGenerator<Run, void, undefined> {
  let run: Run | undefined;
  for await (const own of ownObjects(core, store, call)) {
    const { object, path, name } = own;
    const prefix = object.slice(0, object.lastIndexOf('/') + 1);
    if (run && run.prefix !== prefix) {
      yield run;
      run = undefined;
    }
    run ??= { path, name, prefix, objects: [] };
    run.objects.push({ ...own, store });
  }
  if (run) yield run;
}

/**
 * The newest of a key's objects. Among writes of attempts it is the one with the highest fence and sequence, as the metastore
 * would decide. Among those of people and tools it is the latest; between the two the later one.
 */
export function newestOf(objects: readonly FoundObject[]): FoundObject | undefined {
  const best = (some: FoundObject[], rank: (one: FoundObject) => string): FoundObject | undefined =>
    some.reduce<FoundObject | undefined>((most, one) => (most && rank(most) >= rank(one) ? most : one), undefined);
  const time = ({ time: ms }: FoundObject): string => String(ms).padStart(13, '0');
  const isFenced = ({ id }: FoundObject): boolean => id.fence !== UNFENCED;
  const fenced = best(
    objects.filter(isFenced),
    (one) => `${one.id.fence} ${String(one.id.sequence).padStart(10, '0')} ${time(one)}`,
  );
  const unfenced = best(
    objects.filter((one) => !isFenced(one)),
    (one) => `${time(one)} ${writeIdText(one.id)}`,
  );
  if (!fenced || !unfenced) return fenced ?? unfenced;
  return fenced.time > unfenced.time ? fenced : unfenced;
}
