import { performance } from 'node:perf_hooks';
import { contextOf, openStore } from '../harness/attempt.ts';
import type { Bench } from '../harness/bench.ts';
import type { Figures } from '../harness/figures.ts';
import { bytes } from '../harness/settings.ts';
import { records } from '../harness/values.ts';

/** The longest time that nothing else could run in the process while a large value was written or read. */
export const block: Bench = {
  about: 'the longest block of the event loop in set and get of 4 MiB JSON with gzip',
  async *comparisons(rig) {
    const { sizes = [4 * 2 ** 20] } = rig.settings;
    const redis = await rig.redis();
    for (const size of sizes) {
      const value = records(size);
      const text = JSON.stringify(value);
      const sides = [];
      for (const build of rig.builds) {
        const objectStore = build.file.fileObjectStore({ directory: await rig.folder() });
        const { state } = contextOf(rig, build, openStore(rig, build, redis.connect(), { objectStore }), `block-${size}`);
        await state.set('key', value);
        sides.push({ of: { label: build.label, role: build.role }, state });
      }
      yield {
        name: `set, ${bytes(size)} of JSON`,
        sides: [
          { label: 'JSON.stringify', role: 'plain', measure: () => longest(async () => JSON.stringify(value)) },
          ...sides.map(({ of, state }) => ({ ...of, measure: () => longest(() => state.set('key', value)) })),
        ],
      };
      yield {
        name: `get, ${bytes(size)} of JSON`,
        sides: [
          { label: 'JSON.parse', role: 'plain', measure: () => longest(async () => JSON.parse(text) as unknown) },
          ...sides.map(({ of, state }) => ({ ...of, measure: () => longest(() => state.get('key')) })),
        ],
      };
    }
  },
};

/** The longest gap between two turns of the event loop while the work is done, and all the time that it took. */
async function longest(work: () => Promise<unknown>): Promise<Figures> {
  let [block, last, over] = [0, performance.now(), false];
  const turns = new Promise<void>((resolve) => {
    const turn = (): void => {
      const now = performance.now();
      [block, last] = [Math.max(block, now - last), now];
      if (over) resolve();
      else setImmediate(turn);
    };
    setImmediate(turn);
  });
  // The work begins in a turn of its own.
  await new Promise((resolve) => setImmediate(resolve));
  const start = performance.now();
  await work();
  const time = performance.now() - start;
  over = true;
  await turns;
  return { block, time };
}
