import { performance } from 'node:perf_hooks';
import { Redis } from 'ioredis';
import { systemTimer } from '../src/async/deadline.ts';
import { systemClock } from '../src/async/clock.ts';
import { openMetastore, type ValueChange } from '../src/metastore/metastore.ts';
import { redisMetastore } from '../src/redis.ts';
import { systemRandom } from '../src/async/random.ts';
import { startRedis } from '../scripts/redis/server.ts';

/**
 * What the scripts of the metastore cost, compared with the plain commands that store the same bytes:
 * `npx tsx bench/metastore.ts`, with `--json` for machines. Each line runs both in turns within one run, on one connection, and
 * compares medians.
 */

const ROUNDS = 5;
const SECONDS = 0.4;
const SIZES = [256, 4_096, 16_384];
const LANES = [1, 64, 512];
const DAY = 86_400_000;

interface Line {
  name: string;
  lanes: number;
  ours: number;
  plain: number;
  ratio: number;
}

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

/** Both in turns, so that what else the machine does meets both; the first round warms up. */
async function compare(
  name: string,
  lanes: number,
  operations: Record<'ours' | 'plain', (n: number) => Promise<unknown>>,
): Promise<Line> {
  const rates: Record<'ours' | 'plain', number[]> = { ours: [], plain: [] };
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const side of ['plain', 'ours'] as const) {
      const operationsPerSecond = await rate(lanes, operations[side]);
      if (round > 0) rates[side].push(operationsPerSecond);
    }
  }
  const [ours, plain] = [median(rates.ours), median(rates.plain)];
  return { name, lanes, ours: Math.round(ours), plain: Math.round(plain), ratio: Number((ours / plain).toFixed(2)) };
}

const server = await startRedis();
const client = new Redis(server.port, '127.0.0.1');
const lines: Line[] = [];
const asJson = process.argv.includes('--json');

function report(line: Line): void {
  lines.push(line);
  if (asJson) return;
  const { name, lanes, ours, plain, ratio } = line;
  console.log(
    `${name.padEnd(28)} ${String(lanes).padStart(4)} at once  ${String(ours).padStart(7)}/s of ${String(plain).padStart(7)}/s  ${ratio.toFixed(2)}`,
  );
}

try {
  const m = openMetastore(redisMetastore({ client }), {
    namespace: 'bench',
    commandTimeout: 10_000,
    clock: systemClock,
    timer: systemTimer,
    random: systemRandom,
    logger: undefined,
  });
  const fence = '1'.padStart(24, '0');
  const nonce = 'abench0000000000';
  const scope = { path: 'bench/1/metastore/-1' };
  const request = {
    fence,
    nonce,
    drawn: false,
    first: true,
    createdAt: Date.now(),
    holder: 'attempt 1, host web-1, process 4711, since 2026-11-30T12:00:00.000Z',
    job: '1@1',
    records: ['external_job_id'],
  };
  await m.fences.begin(scope, request, {});
  let sequence = 0;

  for (const size of SIZES) {
    const body = Buffer.alloc(size, 'state ');
    for (const lanes of LANES) {
      const set = async (n: number): Promise<void> => {
        const began = await m.now({});
        const change = { name: `key-${n % 100}`, put: { meta: { type: 'bytes' as const, size }, body, retention: DAY } };
        sequence += 1;
        const reply = await m.values.write(
          scope,
          { id: { fence, nonce, sequence }, fenced: true, began, changes: [change], resent: false },
          {},
        );
        if (reply.kind !== 'ok') throw new Error(reply.kind);
      };
      const label = size >= 1_024 ? `${size / 1_024} KiB` : `${size} B`;
      report(
        await compare(`fenced write / HSET ${label}`, lanes, {
          ours: set,
          plain: (n) => client.hset('plain', `key-${n % 100}`, body),
        }),
      );
      report(
        await compare(`read / HGET ${label}`, lanes, {
          ours: (n) => m.values.read(scope, [`key-${n % 100}`], {}),
          plain: (n) => client.hgetBuffer('plain', `key-${n % 100}`),
        }),
      );
    }
  }
  for (const lanes of LANES) {
    const ref = { store: 's3', codec: 'gzip', storedSize: 7_000, sha256: 'ab'.repeat(32) };
    const meta = { type: 'json' as const, size: 100_000, ref: { ...ref, object: '' } };
    const write = async (change: ValueChange): Promise<void> => {
      const began = await m.now({});
      sequence += 1;
      const id = { fence, nonce, sequence };
      const reply = await m.values.write(scope, { id, fenced: true, began, changes: [change], resent: false }, {});
      if (reply.kind !== 'ok') throw new Error(reply.kind);
    };
    const plain = (n: number): Promise<unknown> => client.hset('plain', `key-${n % 100}`, JSON.stringify(meta));
    report(
      await compare('overwritten reference / HSET', lanes, {
        ours: (n) => {
          const object = `bench/bench/1/metastore/-1/key-${n % 100}/${n % 200}.json.gz`;
          return write({
            name: `key-${n % 100}`,
            put: { meta: { ...meta, ref: { ...ref, object } }, body: undefined, retention: DAY },
          });
        },
        plain,
      }),
    );
    report(await compare('delete / HSET', lanes, { ours: (n) => write({ name: `key-${n % 100}` }), plain }));
  }
  for (const lanes of LANES) {
    const begin = (n: number): Promise<unknown> => m.fences.begin({ path: `bench/2/t/${n % 1_000}` }, request, {});
    report(
      await compare('begin / HSET of a fence', lanes, {
        ours: begin,
        plain: (n) => client.hset(`fence-${n % 1_000}`, 'fence', fence),
      }),
    );
  }
  if (asJson) console.log(JSON.stringify({ redis: server.version, node: process.version, lines }));
} finally {
  client.disconnect();
  await server.stop();
}
