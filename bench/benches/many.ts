import { contextOf, openStore } from '../harness/attempt.ts';
import type { Bench } from '../harness/bench.ts';
import { bytes } from '../harness/settings.ts';
import { sustainedSides, type Operation } from '../harness/sustained.ts';
import { checkpoint } from '../harness/values.ts';

/** Several keys in one call, beside a call for each of them at the same time; CPU and rates are those of all keys together. */
export const many: Bench = {
  about: 'setMany and getMany of ten keys, beside ten single calls',
  async *comparisons(rig) {
    const { sizes = [256], lanes: counts = [8], keys = 10, seconds } = rig.settings;
    const redis = await rig.redis();
    const names = Array.from({ length: keys }, (_none, n) => `key-${n}`);
    const [build] = rig.builds;
    if (!build) return;
    for (const size of sizes) {
      const value = checkpoint(size);
      const values = Object.fromEntries(names.map((name) => [name, value]));
      const { state } = contextOf(rig, build, openStore(rig, build, redis.connect()), `many-${size}`);
      await state.setMany(values);
      const others: Operation[][] = [[], []];
      for (const other of rig.builds.slice(1)) {
        const context = contextOf(rig, other, openStore(rig, other, redis.connect()), `many-${size}`);
        others[0]?.push({ label: `setMany, ${other.label}`, role: 'against', run: () => context.state.setMany(values) });
        others[1]?.push({ label: `getMany, ${other.label}`, role: 'against', run: () => context.state.getMany(names) });
      }
      const both: Readonly<Record<string, Operation[]>> = {
        setMany: [
          { label: `${keys} times set`, role: 'plain', run: () => Promise.all(names.map((name) => state.set(name, value))) },
          { label: 'setMany', role: 'this', run: () => state.setMany(values) },
          ...(others[0] ?? []),
        ],
        getMany: [
          { label: `${keys} times get`, role: 'plain', run: () => Promise.all(names.map((name) => state.get(name))) },
          { label: 'getMany', role: 'this', run: () => state.getMany(names) },
          ...(others[1] ?? []),
        ],
      };
      for (const lanes of counts) {
        for (const [name, operations] of Object.entries(both)) {
          const sides = sustainedSides(operations, { lanes, seconds, serverCpu: redis.cpu });
          yield { name: `${name} of ${keys}, ${bytes(size)}, ${lanes} in flight`, sides };
        }
      }
    }
  },
};
