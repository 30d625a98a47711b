import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Redis } from 'ioredis';
import { startRedis } from '../scripts/redis/server.ts';
import { redisMetastore } from '../src/redis.ts';
import { fileObjectStore } from '../src/file.ts';
import { createStateStore } from '../src/state-store/create-state-store.ts';

/**
 * What a state store costs, compared with the calls of its clients: `npx tsx bench/state-store.ts`. Each line compares `set` and
 * `get` with the plain calls that store the same bytes (HSET and HGET; for an offloaded value also `put` and `get` of the object
 * store, uncompressed), in turns within one run, and prints operations per second and their ratio.
 */

const ROUNDS = 5;
const SECONDS = 0.4;

interface Case {
  name: string;
  size: number;
  lanes: number;
  offloaded: boolean;
}

const CASES: readonly Case[] = [
  { name: '256 B inline', size: 256, lanes: 1, offloaded: false },
  { name: '256 B inline', size: 256, lanes: 32, offloaded: false },
  { name: '16 KiB inline', size: 16_384, lanes: 1, offloaded: false },
  { name: '16 KiB inline', size: 16_384, lanes: 32, offloaded: false },
  { name: '128 KiB offloaded', size: 131_072, lanes: 1, offloaded: true },
  { name: '1 MiB offloaded', size: 2 ** 20, lanes: 1, offloaded: true },
  { name: '1 MiB offloaded', size: 2 ** 20, lanes: 8, offloaded: true },
];

/** Operations per second, with so many at the same time. */
async function rate(lanes: number, operation: (n: number) => Promise<unknown>): Promise<number> {
  let done = 0;
  const start = performance.now();
  const lane = async (): Promise<void> => {
    while (performance.now() - start < SECONDS * 1_000) await operation((done += 1));
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return done / ((performance.now() - start) / 1_000);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Both in turns, so that what else the machine does meets both. */
async function compare(
  lanes: number,
  ours: (n: number) => Promise<unknown>,
  plain: (n: number) => Promise<unknown>,
): Promise<string> {
  const rates: [number[], number[]] = [[], []];
  for (let round = 0; round <= ROUNDS; round += 1) {
    const [first, second] = [await rate(lanes, ours), await rate(lanes, plain)];
    // The first round warms up.
    if (round === 0) continue;
    rates[0].push(first);
    rates[1].push(second);
  }
  const [own, raw] = rates.map(median) as [number, number];
  return `${own.toFixed(0).padStart(7)}/s of ${raw.toFixed(0).padStart(7)}/s  ${(own / raw).toFixed(2)}`;
}

const server = await startRedis();
const client = new Redis(server.port, '127.0.0.1');
const directory = await mkdtemp(join(tmpdir(), 'mooring-bench-'));
try {
  const objectStore = fileObjectStore({ directory });
  const store = createStateStore({ metastore: redisMetastore({ client }), objectStore, codec: 'none' });
  const state = store.task({ flow: 'bench', run: '1', task: 'state-store' });
  for (const { name, size, lanes, offloaded } of CASES) {
    const bytes = Buffer.alloc(size, 'state ');
    const reference = JSON.stringify({ object: 'x'.repeat(150) });
    let put = 0;
    const plainSet = async (n: number): Promise<void> => {
      const key = `plain/a/b/c/d/${(put += 1)}`;
      if (offloaded) await objectStore.put(key, bytes, { ifAbsent: true });
      await client.hset('plain', `k${n % 16}`, offloaded ? reference : bytes);
    };
    await objectStore.put('plain/a/b/c/d/read', bytes, { ifAbsent: true });
    const plainGet = async (n: number): Promise<void> => {
      await client.hgetBuffer('plain', `k${n % 16}`);
      if (offloaded) await objectStore.get('plain/a/b/c/d/read');
    };
    for (let n = 0; n < 16; n += 1) await state.set(`k${n}`, bytes);
    const label = `${name}, ${lanes} side by side`.padEnd(34);
    console.log(`${label} set ${await compare(lanes, (n) => state.set(`k${n % 16}`, bytes), plainSet)}`);
    console.log(`${label} get ${await compare(lanes, (n) => state.get(`k${n % 16}`), plainGet)}`);
  }
} finally {
  client.disconnect();
  await server.stop();
  await rm(directory, { recursive: true, force: true });
}
