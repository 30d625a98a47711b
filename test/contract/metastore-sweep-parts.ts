import type { OpenMetastore } from '../../src/metastore/metastore.ts';
import type { SweptPage } from '../../src/metastore/metastore.ts';
import { all, DAY, SCOPE, type Bench } from './metastore-parts.ts';

/** What the contract of a sweep is written with. */

export interface SweepOptions {
  nonce?: string;
  grace?: number;
  count?: number;
  dryRun?: boolean;
}

export const NONCE = 'sweep00000000001';

/** All pages of a sweep, without its end. */
export async function pages(m: OpenMetastore, options: SweepOptions = {}, scope = SCOPE) {
  const { nonce = NONCE, grace = DAY, count = 100, dryRun = false } = options;
  const found: SweptPage[] = [];
  let cursor = '0';
  do {
    found.push(await m.sweep.page(scope, { nonce, cursor, count, grace, dryRun }, {}));
    cursor = found.at(-1)?.cursor ?? '0';
  } while (cursor !== '0');
  const dues = found.flatMap(({ nextDue }) => nextDue ?? []);
  return {
    pages: found.length,
    entries: [...new Set(found.flatMap(({ entries }) => entries))].toSorted(),
    objects: [...new Map(found.flatMap(({ objects }) => objects).map((one) => [one.object, one])).values()],
    nextDue: dues.length > 0 ? Math.min(...dues) : undefined,
  };
}

/** A whole sweep of a scope, whose objects are all deleted. */
export async function sweep(m: OpenMetastore, options: SweepOptions = {}, scope = SCOPE) {
  const found = await pages(m, options, scope);
  const objects = found.objects.map(({ object }) => object);
  await m.sweep.forget(scope, objects, {});
  await m.sweep.end(scope, { nonce: options.nonce ?? NONCE, nextDue: found.nextDue }, {});
  return { ...found, objects };
}

export const O1 = 'n/f/r/t/k/1.gz';
export const O2 = 'n/f/r/t/k/2.gz';

/** Whether a scope is due by so many milliseconds from now. */
export async function isDueIn(bench: Bench, ms: number, path = SCOPE.path): Promise<boolean> {
  return (await all(bench.m.sweep.due(Date.now() + bench.rig.shift() + ms, {}))).includes(path);
}
