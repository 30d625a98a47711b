import { performance } from 'node:perf_hooks';
import { Redis } from 'ioredis';
import { scopePath } from '../src/format/path.ts';
import { keysOf } from '../src/format/redis-keys.ts';
import { createStateStore, externalJob, jobRecords, type JobState } from '../src/index.ts';
import { beginAttempt } from '../src/adapter-kit.ts';
import { redisMetastore } from '../src/redis.ts';
import { startRedis } from '../scripts/redis/server.ts';

/**
 * What a person waits for: the list of 100 open external jobs among many scopes, of which the others are finished, or hold plain
 * state. `npx tsx bench/jobs.ts`, with `--json` for machines, on a Redis of its own, which then needs about a gigabyte.
 */

const OPEN = 100;
const SCOPES = [10_000, 1_000_000];
const ROUNDS = 15;
const BATCH = 2_000;
const NAMESPACE = 'bench';
const TASK = { flow: 'bull:transcode', task: 'encode' };
const UNFINISHED: readonly JobState[] = ['submitting', 'submitted', 'ambiguous'];

const job = externalJob({
  name: 'transcode',
  submit: async (input: { id: string }) => input.id,
  idempotentFor: '1d',
  getStatus: async () => ({ state: 'succeeded' }) as const,
  getResult: async () => ({ url: 'https://example.com/result/0123456789' }),
});

const server = await startRedis();
const client = new Redis(server.port, '127.0.0.1');
const store = createStateStore({ metastore: redisMetastore({ client }), namespace: NAMESPACE });
const records = jobRecords(store);
const hashOf = (run: string): string => keysOf(NAMESPACE).scope(scopePath({ ...TASK, run }))[0];

/** One attempt of a task, which submits, and waits for the end if it is asked to. */
async function attempt(run: string, waits: boolean): Promise<void> {
  await using begun = beginAttempt(store, {
    scope: { ...TASK, run },
    attempt: 1,
    first: true,
    createdAt: new Date(),
    fence: { kind: 'drawn', prove: () => Promise.resolve(true) },
  });
  await (waits ? begun.context.run(job, { id: run }) : begun.context.submit(job, { id: run }));
}

/** Copies of a scope as Redis has it: of a million, none goes through the library. */
async function copies(of: string, from: number, to: number): Promise<void> {
  const bytes = await client.dumpBuffer(hashOf(of));
  for (let at = from; at < to; at += BATCH) {
    const pipeline = client.pipeline();
    for (let number = at; number < Math.min(to, at + BATCH); number += 1) {
      pipeline.restore(hashOf(`${of}-${number}@1763820000000`), 0, bytes);
    }
    await pipeline.exec();
  }
}

/** Commands that the server was sent, without those that ask for them. */
async function commands(work: () => Promise<unknown>): Promise<Record<string, number>> {
  await client.config('RESETSTAT');
  await work();
  const stats = await client.info('commandstats');
  const calls = [...stats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)].map(([, name, count]) => [name, Number(count)] as const);
  return Object.fromEntries(calls.filter(([name]) => name !== 'info' && !name?.startsWith('config')));
}

async function open(): Promise<number> {
  let found = 0;
  for await (const _record of records.list({ state: UNFINISHED })) found += 1;
  return found;
}

/** The median, in milliseconds. */
async function median(work: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = performance.now();
    await work();
    times.push(performance.now() - start);
  }
  return times.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
}

try {
  const asJson = process.argv.includes('--json');
  await attempt('finished', true);
  await store.task({ ...TASK, run: 'plain' }).set('cursor', 'x'.repeat(98));
  await Promise.all(Array.from({ length: OPEN }, (_, at) => attempt(`open-${at}`, false)));
  const results: { scopes: number; milliseconds: number; summary: number; sent: Record<string, number> }[] = [];
  let [finished, plain] = [0, 0];
  for (const scopes of SCOPES) {
    const each = Math.floor((scopes - OPEN - 2) / 2);
    await copies('finished', finished, each);
    await copies('plain', plain, each);
    [finished, plain] = [each, each];
    if ((await open()) !== OPEN) throw new Error('not all open jobs are listed');
    const sent = await commands(open);
    const milliseconds = await median(open);
    const summary = await median(() => records.summary());
    results.push({ scopes, milliseconds, summary, sent });
    if (asJson) continue;
    const told = Object.entries(sent).map(([name, count]) => `${count} ${name}`);
    console.log(`${scopes.toLocaleString('en').padStart(9)} scopes (${await client.dbsize()} keys)`);
    console.log(`  list of ${OPEN} open jobs  ${milliseconds.toFixed(1)} ms, summary ${summary.toFixed(1)} ms`);
    console.log(`  ${told.join(', ')}`);
  }
  const [few, many] = results;
  const ratio = (many?.milliseconds ?? Number.NaN) / (few?.milliseconds ?? Number.NaN);
  if (asJson) console.log(JSON.stringify({ redis: server.version, open: OPEN, results, ratio }));
  else console.log(`ratio ${ratio.toFixed(2)} (Redis ${server.version})`);
} finally {
  await store.close();
  client.disconnect();
  await server.stop();
}
