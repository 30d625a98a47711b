import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Random } from '../../async/random.ts';
import type { ObjectStore } from '../../object-store/object-store.ts';
import { keys, objectOf, type Trial } from './case.ts';

/** Histories of puts and deletes, compared with a map. A seed draws them, so that each run has the same. */

const KEYS = ['a', 'a.b', 'A', 'b'].flatMap((name) => [objectOf(name), objectOf(name, '2')]);
const MOST_STEPS = 12;

type Step = { put: string; body: Uint8Array; ifAbsent: boolean } | { delete: readonly string[] };

/** The case. */
export function history({ histories }: { histories: number }): Trial {
  return [
    `a store behaves as a map does, in ${histories} histories`,
    async (store) => {
      for (let seed = 1; seed <= histories; seed += 1) await play(store, steps(seeded(seed)));
    },
  ];
}

function seeded(seed: number): Random {
  let drawn = 0;
  return () => {
    drawn += 1;
    return createHash('sha256').update(`${seed} ${drawn}`).digest().readUInt32BE() / 2 ** 32;
  };
}

function steps(random: Random): readonly Step[] {
  const below = (limit: number): number => Math.floor(random() * limit);
  const key = (): string => KEYS[below(KEYS.length)] as string;
  return Array.from({ length: 1 + below(MOST_STEPS) }, () =>
    random() < 0.6
      ? { put: key(), body: Uint8Array.from({ length: below(9) }, () => below(256)), ifAbsent: random() < 0.5 }
      : { delete: Array.from({ length: below(4) }, key) },
  );
}

async function play(store: ObjectStore, history: readonly Step[]): Promise<void> {
  await store.delete(await keys(store));
  const model = new Map<string, Uint8Array>();
  const told = JSON.stringify(history);
  for (const step of history) {
    if ('delete' in step) {
      assert.deepEqual(await store.delete(step.delete), [], told);
      for (const key of step.delete) model.delete(key);
    } else {
      const taken = step.ifAbsent && model.has(step.put);
      assert.equal(await store.put(step.put, step.body, step), taken ? 'exists' : 'created', told);
      if (!taken) model.set(step.put, step.body);
    }
  }
  assert.deepEqual(await keys(store), [...model.keys()].toSorted(), told);
  for (const [key, body] of model) assert.deepEqual([...((await store.get(key)) ?? ['missing'])], [...body], told);
}
