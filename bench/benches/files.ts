import { createHash, randomUUID } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { JsonValue } from '../../src/index.ts';
import { contextOf, openStore } from '../harness/attempt.ts';
import type { Bench } from '../harness/bench.ts';
import { loadPeer } from '../harness/peers.ts';
import type { Rig } from '../harness/rig.ts';
import { bytes } from '../harness/settings.ts';
import { sustainedSides, type Operation } from '../harness/sustained.ts';
import { records } from '../harness/values.ts';

/** JSON in files, gzip: by hand, every step that makes it safe is there too, but nothing in Redis. */

const [pack, unpack] = [promisify(gzip), promisify(gunzip)];

/** Large values in a folder, beside the same steps by hand. */
export const files: Bench = {
  about: 'set and get of 1 MiB JSON in files with gzip, beside the same steps by hand',
  async *comparisons(rig) {
    const { sizes = [2 ** 20], lanes: counts = [1, 8], keys = 16, seconds } = rig.settings;
    const redis = await rig.redis();
    for (const size of sizes) {
      const value = records(size);
      const names = Array.from({ length: keys }, (_none, n) => `key-${n}`);
      const sets: Operation[] = [];
      const gets: Operation[] = [];
      const add = async (
        of: Omit<Operation, 'run'>,
        set: (name: string) => Promise<unknown>,
        get: (name: string) => Promise<unknown>,
      ) => {
        for (const name of names) await set(name);
        sets.push({ ...of, run: (n) => set(`key-${n % keys}`) });
        gets.push({ ...of, run: (n) => get(`key-${n % keys}`) });
      };
      await byHand(rig, value, add);
      for (const build of rig.builds) {
        const objectStore = build.file.fileObjectStore({ directory: await rig.folder() });
        const { state } = contextOf(rig, build, openStore(rig, build, redis.connect(), { objectStore }), `files-${size}`);
        await add(
          { label: build.label, role: build.role },
          (name) => state.set(name, value),
          (name) => state.get(name),
        );
      }
      if (rig.settings.peers) await withCacache(rig, value, add);
      for (const lanes of counts) {
        const options = { lanes, seconds };
        yield { name: `set in files, ${bytes(size)} of JSON, ${lanes} in flight`, sides: sustainedSides(sets, options) };
        yield { name: `get from files, ${bytes(size)} of JSON, ${lanes} in flight`, sides: sustainedSides(gets, options) };
      }
    }
  },
};

type Add = (
  of: Omit<Operation, 'run'>,
  set: (name: string) => Promise<unknown>,
  get: (name: string) => Promise<unknown>,
) => Promise<void>;

async function byHand(rig: Rig, value: JsonValue, add: Add): Promise<void> {
  const folder = await rig.folder();
  const digests = new Map<string, string>();
  await add(
    { label: 'by hand', role: 'plain' },
    async (name) => {
      const packed = await pack(JSON.stringify(value), { level: 1 });
      digests.set(name, createHash('sha256').update(packed).digest('hex'));
      const temporary = join(folder, randomUUID());
      const file = await open(temporary, 'wx');
      await file.writeFile(packed);
      await file.sync();
      await file.close();
      await rename(temporary, join(folder, name));
      const parent = await open(folder);
      await parent.sync();
      await parent.close();
    },
    async (name) => {
      const packed = await readFile(join(folder, name));
      if (createHash('sha256').update(packed).digest('hex') !== digests.get(name)) throw new Error('other bytes');
      return JSON.parse((await unpack(packed)).toString()) as unknown;
    },
  );
}

interface Cacache {
  put(cache: string, key: string, data: string): Promise<unknown>;
  get(cache: string, key: string): Promise<{ data: Buffer }>;
}

/** Without compression, which it does not have, and without fsync. */
async function withCacache(rig: Rig, value: JsonValue, add: Add): Promise<void> {
  const { default: cacache } = await loadPeer<{ default: Cacache }>('cacache');
  const folder = await rig.folder();
  await add(
    { label: 'cacache', role: 'peer' },
    (name) => cacache.put(folder, name, JSON.stringify(value)),
    async (name) => JSON.parse((await cacache.get(folder, name)).data.toString()) as unknown,
  );
}
