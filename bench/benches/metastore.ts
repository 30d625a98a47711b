import type { CallOptions, Timer } from '../../src/async/deadline.ts';
import type { Clock } from '../../src/async/clock.ts';
import type { Random } from '../../src/async/random.ts';
import type * as metastores from '../../src/metastore/metastore.ts';
import type { OpenMetastore, ValueChange } from '../../src/metastore/metastore.ts';
import type { Bench } from '../harness/bench.ts';
import type { Build } from '../harness/builds.ts';
import type { BenchRedis } from '../harness/redis.ts';
import { sustainedSides, type Operation } from '../harness/sustained.ts';

/**
 * The steps of an attempt below the API, each beside one HSET of about the same bytes: taking the fence, a record of an external
 * job, a delete, and the reference of a large value in place of another.
 */

const DAY = 86_400_000;
const FENCE = '1'.padStart(24, '0');
const NONCE = 'abench0000000000';
const RECORD = 'external_job_id';
const SCOPES = 1_000;
const NO_CALL: CallOptions = {};
const BEGIN = {
  fence: FENCE,
  nonce: NONCE,
  drawn: false,
  first: true,
  createdAt: Date.now(),
  holder: 'attempt 1, host web-1, process 4711, since 2026-11-30T12:00:00.000Z',
  job: '1@1',
  records: [RECORD],
};
const REFERENCE = { store: 's3', codec: 'gzip', storedSize: 7_000, sha256: 'ab'.repeat(32) };
const META = { type: 'json' as const, size: 100_000, ref: { ...REFERENCE, object: '' } };

/** What an attempt does between its start and its end, without the API above it. */
export const metastore: Bench = {
  about: 'fence, record, delete and reference of an attempt, each beside one HSET',
  async *comparisons(rig) {
    const { lanes: counts = [64], keys = 100, seconds } = rig.settings;
    const redis = await rig.redis();
    const plain = redis.connect();
    const opened = await Promise.all(rig.builds.map(async (build) => ({ build, steps: await steps(build, redis, keys) })));
    for (const name of ['begin', 'record', 'delete', 'overwritten reference'] as const) {
      const operations: Operation[] = [
        { label: 'HSET of ioredis', role: 'plain', run: (n) => plain.hset(`plain-${n % SCOPES}`, 'field', JSON.stringify(META)) },
        ...opened.map(({ build, steps }) => ({ label: build.label, role: build.role, run: steps[name] })),
      ];
      for (const lanes of counts) {
        yield {
          name: `${name}, ${lanes} in flight`,
          sides: sustainedSides(operations, { lanes, seconds, serverCpu: redis.cpu }),
        };
      }
    }
  },
};

type Step = (n: number) => Promise<void>;

async function steps(build: Build, redis: BenchRedis, keys: number) {
  const m = await open(build, redis);
  const scope = (n: number): { path: string } => ({ path: `bench/${n % SCOPES}/metastore/-1` });
  for (let n = 0; n < SCOPES; n += 1) await m.fences.begin(scope(n), BEGIN, NO_CALL);
  let sequence = 0;
  let begun = 1;
  const next = () => ({ fence: FENCE, nonce: NONCE, sequence: (sequence += 1) });
  const write = async (change: ValueChange): Promise<void> => {
    const began = await m.now(NO_CALL);
    expectOk(await m.values.write(scope(0), { id: next(), fenced: true, began, changes: [change], resent: false }, NO_CALL));
  };
  const records = new Map<number, { letters: string; submission: number; last: metastores.RecordReply & { kind: 'ok' } }>();
  return {
    begin: (async (n) => {
      const fence = String((begun += 1)).padStart(24, '0');
      expectOk(await m.fences.begin({ path: `begin/${n % SCOPES}/metastore/-1` }, { ...BEGIN, fence }, NO_CALL));
    }) as Step,
    record: (async (n) => {
      const before = records.get(n % SCOPES);
      const letters = before?.letters === 's' ? 'se' : before?.letters === 'se' ? 'sef' : 's';
      const submission = (before?.submission ?? 0) + (letters === 's' ? 1 : 0);
      const last = expectOk(
        await m.records.write(
          scope(n),
          {
            id: next(),
            name: RECORD,
            letter: letters.at(-1) as 's' | 'e' | 'f',
            submission,
            idDigest: letters === 's' ? '0'.repeat(32) : 'ab'.repeat(16),
            json: JSON.stringify({ key: 'k'.repeat(40), ...(letters !== 's' && { externalId: 'job-17' }) }),
            retention: DAY,
            basis: before?.last.version,
            withdraw: false,
            resent: false,
          },
          NO_CALL,
        ),
      );
      records.set(n % SCOPES, { letters, submission, last });
    }) as Step,
    delete: ((n) => write({ name: `key-${n % keys}` })) as Step,
    'overwritten reference': ((n) => {
      const object = `bench/bench/1/metastore/-1/key-${n % keys}/${n % (2 * keys)}.json.gz`;
      const meta = { ...META, ref: { ...REFERENCE, object } };
      return write({ name: `key-${n % keys}`, put: { meta, body: undefined, retention: DAY } });
    }) as Step,
  };
}

async function open(build: Build, redis: BenchRedis): Promise<OpenMetastore> {
  const { openMetastore } = await build.load<typeof metastores>('src/metastore/metastore.ts');
  const { systemTimer } = await build.load<{ systemTimer: Timer }>('src/async/deadline.ts');
  const { systemClock } = await build.load<{ systemClock: Clock }>('src/async/clock.ts');
  const { systemRandom } = await build.load<{ systemRandom: Random }>('src/async/random.ts');
  return openMetastore(build.redis.redisMetastore({ client: redis.connect() }), {
    namespace: `bench-${build.role}`,
    commandTimeout: 10_000,
    clock: systemClock,
    timer: systemTimer,
    random: systemRandom,
    logger: undefined,
  });
}

function expectOk<Reply extends { kind: string }>(reply: Reply): Reply & { kind: 'ok' } {
  if (reply.kind !== 'ok') throw new Error(`refused: ${reply.kind}`);
  return reply as Reply & { kind: 'ok' };
}
