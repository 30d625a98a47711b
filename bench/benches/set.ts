import { contextOf, openStore } from '../harness/attempt.ts';
import type { Bench } from '../harness/bench.ts';
import { rivals } from '../harness/rivals.ts';
import { bytes } from '../harness/settings.ts';
import { sustainedSides, type Operation } from '../harness/sustained.ts';
import { checkpoint } from '../harness/values.ts';

/** A value that stays in Redis, written by an attempt that holds the fence, beside HSET of the same JSON. */
export const setBench: Bench = {
  about: 'fenced set of a value that stays in Redis, beside HSET',
  async *comparisons(rig) {
    const { sizes = [256], lanes: counts = [64, 512], keys = 100, seconds } = rig.settings;
    const redis = await rig.redis();
    for (const size of sizes) {
      const value = checkpoint(size);
      const plain = redis.connect();
      const operations: Operation[] = [
        { label: 'HSET of ioredis', role: 'plain', run: (n) => plain.hset('plain', `key-${n % keys}`, JSON.stringify(value)) },
      ];
      for (const build of rig.builds) {
        const { state } = contextOf(rig, build, openStore(rig, build, redis.connect()), `set-${size}`);
        operations.push({ label: build.label, role: build.role, run: (n) => state.set(`key-${n % keys}`, value) });
      }
      for (const { label, set } of await rivals(rig, redis)) {
        operations.push({ label, role: 'peer', run: (n) => set(`key-${n % keys}`, value) });
      }
      for (const lanes of counts) {
        const sides = sustainedSides(operations, { lanes, seconds, serverCpu: redis.cpu });
        yield { name: `set ${bytes(size)}, ${lanes} in flight`, sides };
      }
    }
  },
};
