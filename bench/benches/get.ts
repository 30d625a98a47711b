import { contextOf, openStore } from '../harness/attempt.ts';
import type { Bench } from '../harness/bench.ts';
import { rivals } from '../harness/rivals.ts';
import { bytes } from '../harness/settings.ts';
import { sustainedSides, type Operation } from '../harness/sustained.ts';
import { checkpoint } from '../harness/values.ts';

/** A value that stays in Redis, read and parsed, beside HGET and JSON.parse. */
export const getBench: Bench = {
  about: 'get of a value that stays in Redis, beside HGET',
  async *comparisons(rig) {
    const { sizes = [256], lanes: counts = [64, 512], keys = 100, seconds } = rig.settings;
    const redis = await rig.redis();
    for (const size of sizes) {
      const value = checkpoint(size);
      const names = Array.from({ length: keys }, (_none, n) => `key-${n}`);
      const plain = redis.connect();
      await plain.hset('plain', Object.fromEntries(names.map((name) => [name, JSON.stringify(value)])));
      const operations: Operation[] = [
        {
          label: 'HGET of ioredis',
          role: 'plain',
          run: async (n) => JSON.parse((await plain.hget('plain', `key-${n % keys}`)) ?? '') as unknown,
        },
      ];
      for (const build of rig.builds) {
        const { state } = contextOf(rig, build, openStore(rig, build, redis.connect()), `get-${size}`);
        for (const name of names) await state.set(name, value);
        operations.push({ label: build.label, role: build.role, run: (n) => state.get(`key-${n % keys}`) });
      }
      for (const { label, set, get } of await rivals(rig, redis)) {
        for (const name of names) await set(name, value);
        operations.push({ label, role: 'peer', run: (n) => get(`key-${n % keys}`) });
      }
      for (const lanes of counts) {
        const sides = sustainedSides(operations, { lanes, seconds, serverCpu: redis.cpu });
        yield { name: `get ${bytes(size)}, ${lanes} in flight`, sides };
      }
    }
  },
};
