import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { systemTimer } from '../../src/async/deadline.ts';
import { isMooringError } from '../../src/model/errors/store.ts';
import { keysOf } from '../../src/format/redis-keys.ts';
import { memoryData, peekScope, type MemoryData } from '../../src/metastore/memory/scope.ts';
import { openMemory } from '../../src/metastore/memory/store.ts';
import { openMetastore, type MetastoreContext, type OpenMetastore } from '../../src/metastore/metastore.ts';
import { redisMetastore } from '../../src/redis.ts';
import { systemRandom } from '../../src/async/random.ts';
import { all, attempt, DAY, digest, HOUR, MINUTE, put, putRef, tool, type Hand } from '../contract/metastore-parts.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { timedClient } from '../support/redis-rig.ts';

/**
 * The memory metastore and the scripts of Redis are one thing written twice. Any sequence of operations gets the same replies
 * from both, and leaves the same texts, index and ends of life. The time is the same for both, and moves only where the sequence
 * says so.
 */

const NAMESPACE = 'model';
const TASK = 'f/r/t/-1';
const PATHS = [TASK, 'assets/uri=u', 'assets/n'] as const;
const KEYS = keysOf(NAMESPACE);

const when = fc.constantFrom(0, MINUTE, 30 * MINUTE, 61 * MINUTE, 3 * HOUR, DAY, 8 * DAY, 31 * DAY);
const rarely = fc.constantFrom(false, false, false, false, false, true);
const began = fc.constantFrom(0, 0, 0, 0, 30 * MINUTE, 61 * MINUTE);
const retention = fc.constantFrom<number | 'forever'>(HOUR, DAY, 40 * DAY, 'forever');
const path = fc.constantFrom(TASK, TASK, TASK, ...PATHS);
const who = fc.nat(5);
const keyName = fc.constantFrom('a', 'b', 'result=job');
const object = fc.constantFrom('1.gz', '2.gz', '3.gz');
const sweep = fc.constantFrom('sweep00000000001', 'sweep00000000002');
const changes = fc.uniqueArray(
  fc.record({
    name: keyName,
    kind: fc.constantFrom('inline', 'inline', 'ref', 'delete'),
    object,
    retention,
    expect: fc.constantFrom<undefined | 'absent' | 'current' | 'wrong'>(
      undefined,
      undefined,
      undefined,
      'absent',
      'current',
      'wrong',
    ),
  }),
  { minLength: 1, maxLength: 2, selector: (change) => change.name },
);
const operation = fc.oneof(
  fc.record({ op: fc.constant('advance' as const), ms: when }),
  fc.record({ op: fc.constant('begin' as const), path, who, first: fc.boolean(), ago: when, drawn: fc.boolean() }),
  fc.record({ op: fc.constant('draw' as const), path }),
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('write' as const),
      path,
      who,
      changes,
      again: rarely,
      ago: began,
      resent: rarely,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant('record' as const),
      who,
      letter: fc.constantFrom('n', 's', 's', 'e', 'o', 'f', 'a'),
      job: fc.constantFrom('j1', 'j2'),
      basis: fc.constantFrom('none', 'current', 'current'),
      withdraw: rarely,
      replaces: fc.option(fc.constantFrom('j1', 'j2'), { nil: undefined }),
      result: fc.option(changes),
      again: rarely,
      retention,
      submission: fc.integer({ min: 1, max: 3 }),
    }),
  },
  fc.record({
    op: fc.constant('answer' as const),
    letter: fc.constantFrom('n', 'e'),
    job: fc.constantFrom('j1', 'j2'),
    basis: fc.constantFrom('none', 'current', 'current'),
  }),
  fc.record({
    op: fc.constant('refresh' as const),
    retention,
    history: fc.option(fc.constantFrom('{}', '{"events":[]}'), { nil: undefined }),
  }),
  fc.record({ op: fc.constant('orphan' as const), job: fc.constantFrom('j1', 'j2') }),
  fc.record({ op: fc.constant('forget' as const), job: fc.constantFrom('j1', 'j2') }),
  fc.record({
    op: fc.constant('settle' as const),
    who,
    within: fc.constantFrom(MINUTE, HOUR, DAY, 40 * DAY),
    keepFence: fc.boolean(),
  }),
  fc.record({ op: fc.constant('clear' as const), path, again: rarely }),
  fc.record({ op: fc.constant('requestCancel' as const), job: fc.constantFrom('job@1', 'job@2') }),
  fc.record({
    op: fc.constant('addItems' as const),
    who,
    items: fc.uniqueArray(fc.constantFrom('0', '1', 'key=a'), { minLength: 1 }),
    retention,
  }),
  {
    weight: 3,
    arbitrary: fc.record({
      op: fc.constant('sweepPage' as const),
      path,
      sweep,
      grace: fc.constantFrom(HOUR, DAY, 10 * DAY),
      dryRun: rarely,
    }),
  },
  fc.record({ op: fc.constant('forgetObjects' as const), path, name: keyName, objects: fc.uniqueArray(object) }),
  fc.record({ op: fc.constant('sweepEnd' as const), path, sweep, never: rarely }),
  {
    weight: 2,
    arbitrary: fc.record({
      op: fc.constant('restore' as const),
      path,
      who,
      name: keyName,
      object,
      retention,
      instead: fc.option(object, { nil: undefined }),
      apply: fc.constantFrom(true, true, false),
    }),
  },
  fc.record({ op: fc.constant('holds' as const), path }),
  // Each of these asks all 256 shards.
  fc.record({ op: fc.constantFrom('raise' as const, 'lineage' as const, 'due' as const), generation: fc.nat(20) }),
);
/** When a key ends, to the millisecond, or a negative number: what PEXPIRETIME answers, which Redis 6.2 does not know. */
const ENDS = `(function(key)
  local function now()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
  end
  while true do
    local before, left = now(), redis.call('PTTL', key)
    if left < 0 then return left end
    if now() == before then return before + left end
  end
end)`;

type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** What a sequence carries along: who acts, with what write IDs, and what the texts said last. */
interface World {
  hands: Hand[];
  last: Map<Hand, ReturnType<Hand['next']>>;
  /** What the last page of each sweep said, by path and nonce. */
  nextDue: Map<string, number | undefined>;
  now: number;
}

const objectOf = (name: string, object: string): string => `n/f/r/t/${name}/${object}`;
const OBJECTS = ['a', 'b', 'result=job'].flatMap((name) =>
  ['1.gz', '2.gz', '3.gz'].map((object) => ({ name, object: objectOf(name, object) })),
);

function idOf(world: World, hand: Hand, again: boolean): ReturnType<Hand['next']> {
  const id = (again ? world.last.get(hand) : undefined) ?? hand.next();
  world.last.set(hand, id);
  return id;
}

/** The call of one operation, with everything drawn before, so that both get the very same. */
function callOf(
  operation: Exclude<Operation, { op: 'advance' }>,
  world: World,
  stored: Map<string, string>,
): (m: OpenMetastore) => Promise<unknown> {
  const scope = { path: 'path' in operation ? operation.path : TASK };
  const hand = world.hands['who' in operation ? operation.who : 5] as Hand;
  const versionOf = (field: string): never => (stored.get(field)?.slice(3, 55) ?? 'absent') as never;
  const change = ({
    name,
    kind,
    object,
    retention: kept,
    expect: expected,
  }: (typeof changes extends fc.Arbitrary<infer T> ? T : never)[number]) => ({
    ...(kind === 'inline'
      ? put(name, object, { retention: kept })
      : kind === 'ref'
        ? putRef(name, objectOf(name, object), { retention: kept })
        : { name }),
    ...(expected !== undefined && {
      expect:
        expected === 'current' ? versionOf(`e:${name}`) : expected === 'wrong' ? ('x'.repeat(52) as never) : ('absent' as const),
    }),
  });
  const basisOf = (basis: string): never => (basis === 'current' ? stored.get('r:job')?.slice(3, 55) : undefined) as never;
  switch (operation.op) {
    case 'begin': {
      const { first, ago, drawn } = operation;
      const request = {
        fence: hand.fence,
        nonce: hand.nonce,
        drawn,
        first,
        createdAt: world.now - ago,
        holder: `held by ${hand.nonce}`,
        job: 'job@1',
        records: ['job', 'other'],
      };
      return (m) => m.fences.begin(scope, request, {});
    }
    case 'draw':
      return (m) => m.fences.draw(scope, {});
    case 'write': {
      const { again, ago, resent } = operation;
      const fenced = hand.nonce.startsWith('a');
      const write = {
        id: idOf(world, hand, again),
        fenced,
        began: world.now - ago,
        changes: operation.changes.map(change),
        resent,
      };
      // A scope that is recorded has all keys of its shard named in each write.
      const written = scope.path === TASK ? scope : { ...scope, recorded: '{"flow":"f"}' };
      return (m) => m.values.write(written, write, {});
    }
    case 'record': {
      const { letter, job, withdraw, replaces, result, again, submission } = operation;
      const write = {
        id: idOf(world, hand, again),
        name: 'job',
        letter: letter as 's',
        submission,
        idDigest: 'eof'.includes(letter) ? digest(job) : '0'.repeat(32),
        json: JSON.stringify({ externalId: job, previous: [] }),
        retention: operation.retention,
        basis: basisOf(operation.basis),
        withdraw: withdraw && 'ns'.includes(letter),
        ...(replaces !== undefined && { replaces: { idDigest: digest(replaces), json: '{"externalId":"x/y"}' } }),
        ...(result?.[0] && { result: change({ ...result[0], expect: undefined }) }),
        resent: false,
      };
      return (m) => m.records.write(scope, write, {});
    }
    case 'answer': {
      const { letter, job } = operation;
      const answer = {
        id: hand.next(),
        name: 'job',
        letter: letter as 'n',
        submission: 2,
        idDigest: letter === 'e' ? digest(job) : '0'.repeat(32),
        json: '{"previous":[]}',
        retention: 30 * DAY,
        basis: basisOf(operation.basis) ?? ('x'.repeat(52) as never),
      };
      return (m) => m.records.answer(scope, answer, {});
    }
    case 'refresh':
      return (m) => {
        const { retention: kept, history } = operation;
        const told = history === undefined ? {} : { history };
        return m.records.refresh(scope, { name: 'job', basis: basisOf('current'), retention: kept, ...told }, {});
      };
    case 'orphan':
      return (m) => m.orphans.add(scope, { name: 'job', idDigest: digest(operation.job), json: '{"externalId":"x/y"}' }, {});
    case 'forget':
      return (m) => m.orphans.forget(scope, { name: 'job', idDigest: digest(operation.job) }, {});
    case 'settle': {
      const { within, keepFence } = operation;
      return (m) => m.fences.settle(scope, { fence: hand.fence, nonce: hand.nonce, within, keepFence }, {});
    }
    case 'clear': {
      const id = idOf(world, hand, operation.again);
      return (m) => m.scopes.clear(scope, id, {});
    }
    case 'requestCancel':
      return (m) => m.tasks.requestCancel(scope, { job: operation.job, reason: 'not wanted' }, {});
    case 'addItems': {
      const { items, retention: kept } = operation;
      return (m) => m.tasks.addItems(scope, { items, fence: hand.fence, nonce: hand.nonce, retention: kept }, {});
    }
    case 'sweepPage': {
      const { sweep: nonce, grace, dryRun } = operation;
      return async (m) => {
        const page = await m.sweep.page(scope, { nonce, cursor: '0', count: 1_000, grace, dryRun }, {});
        if (!dryRun) world.nextDue.set(`${scope.path} ${nonce}`, page.nextDue);
        return { ...page, entries: page.entries.toSorted(), objects: byName(page.objects) };
      };
    }
    case 'forgetObjects': {
      const objects = operation.objects.map((one) => objectOf(operation.name, one));
      return (m) => m.sweep.forget(scope, objects, {});
    }
    case 'sweepEnd': {
      const { sweep: nonce, never } = operation;
      const nextDue = never ? undefined : world.nextDue.get(`${scope.path} ${nonce}`);
      return (m) => m.sweep.end(scope, { nonce, nextDue }, {});
    }
    case 'restore': {
      const { name, instead, apply } = operation;
      const meta = putRef(name, objectOf(name, operation.object)).put?.meta;
      if (!meta) throw new Error('no reference');
      const entry = {
        id: idOf(world, hand, false),
        name,
        meta,
        retention: operation.retention,
        instead: instead === undefined ? undefined : objectOf(name, instead),
        apply,
      };
      return async (m) => {
        // Its knowledge of the server's time is from its last answer, and the sequence may have moved the time since.
        await m.values.read(scope, [], {});
        return m.references.restore(scope, entry, {});
      };
    }
    case 'holds':
      return (m) => m.references.held(scope, OBJECTS, {});
    case 'raise':
      return (m) => m.lineage.raise(operation.generation, {});
    case 'lineage':
      return (m) => m.lineage.read({});
    case 'due':
      return async (m) => byName(await all(m.sweep.due(world.now, {})));
  }
}

/** What a call came to: its reply, or the code of its error. */
async function outcome(call: Promise<unknown>): Promise<unknown> {
  try {
    return await call;
  } catch (error) {
    if (isMooringError(error)) return { error: error.code };
    throw error;
  }
}

function byName<T>(items: readonly T[]): T[] {
  return items.toSorted((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
}

/** What the public operations show of everything. */
async function shown(m: OpenMetastore): Promise<unknown> {
  const scopes = PATHS.map(async (path) => {
    const { recorded, records, orphans } = await m.scopes.inspect({ path }, {});
    const read = await m.values.read({ path }, ['a', 'b', 'result=job', 'never'], {});
    const values = read.map((entry) => entry && [entry.text, entry.body && Buffer.from(entry.body).toString()]);
    return {
      path,
      values,
      listed: byName(await all(m.values.list({ path }, {}))),
      recorded,
      records: byName(records),
      orphans: byName(orphans),
    };
  });
  return {
    scopes: await Promise.all(scopes),
    paths: byName([...new Set(await all(m.scopes.paths('', {})))]),
  };
}

const NAMES = ['job', `job:${digest('j1')}`, `job:${digest('j2')}`];

/** The jobs that are named as open. Redis may name more, until the scope was indexed again. */
async function openJobs(m: OpenMetastore): Promise<unknown[]> {
  const pages = await all(m.jobs.open(['submitting', 'submitted', 'ambiguous', 'failed', 'orphan'], {}));
  return byName(pages.flat());
}

describe('memory and Redis', () => {
  let server: TestRedis;
  let client: Redis;
  const world: World = { hands: [], last: new Map(), nextDue: new Map(), now: 0 };

  beforeAll(async () => {
    server = await startRedis();
    client = new Redis(server.port);
  });
  afterAll(async () => {
    client?.disconnect();
    await server?.stop();
  });

  const context: MetastoreContext = {
    namespace: NAMESPACE,
    commandTimeout: 5_000,
    clock: { now: () => world.now, sleep: () => Promise.resolve() },
    timer: systemTimer,
    random: systemRandom,
    logger: undefined,
  };

  const endsOf = async (key: string): Promise<number> => Number(await client.eval(`return ${ENDS}(KEYS[1])`, 1, key));

  const storedInRedis = async (): Promise<unknown> => {
    const scopes = PATHS.map(async (path) => {
      const { key: hash, due } = KEYS.scope(path);
      const fields = new Map(Object.entries(await client.hgetall(hash)));
      if (fields.size === 0) return { path, due: await client.zscore(due, path) };
      return { path, fields, ends: await endsOf(hash), due: await client.zscore(due, path) };
    });
    return Promise.all(scopes);
  };

  const storedInMemory = (data: MemoryData): unknown =>
    PATHS.map((path) => {
      const hash = peekScope(data, path, world.now);
      const at = data.due.get(path);
      const due = at === undefined ? null : String(at);
      if (!hash) return { path, due };
      const bodies = [...hash.bodies].map(([field, body]) => [field, Buffer.from(body).toString()] as const);
      return { path, fields: new Map([...hash.fields, ...bodies]), ends: hash.expiresAt ?? -1, due };
    });

  /** What the server would have forgotten by now. */
  const forget = async (): Promise<void> => {
    for (const path of PATHS) {
      const { key: hash } = KEYS.scope(path);
      const ends = await endsOf(hash);
      if (ends >= 0 && ends <= world.now) await client.del(hash);
    }
  };

  test('† answer and store the same, whatever happens', async () => {
    const frozen = timedClient(client, () => ({
      time: `{'${Math.floor(world.now / 1_000)}', '${(world.now % 1_000) * 1_000}'}`,
      left: `(${ENDS}(KEY) - now)`,
      ahead: world.now - Date.now(),
    }));
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 30, size: 'max' }), async (operations) => {
        await client.flushall();
        world.hands = [attempt(1), attempt(2), attempt(2), attempt(3), tool(), tool()];
        world.last = new Map();
        world.nextDue = new Map();
        world.now = Date.now() + DAY;
        const data = memoryData();
        const memory = openMemory(data, context);
        const redis = openMetastore(redisMetastore({ client: frozen }), context);

        for (const one of operations) {
          if (one.op === 'advance') {
            world.now += one.ms;
            await forget();
            continue;
          }
          const stored = new Map(Object.entries(await client.hgetall(KEYS.scope('path' in one ? one.path : TASK).key)));

          const call = callOf(one, world, stored);
          const replies = [await outcome(call(redis)), await outcome(call(memory))];

          expect(replies[0]).toEqual(replies[1]);
          expect(await storedInRedis()).toEqual(storedInMemory(data));
        }

        expect(await shown(redis)).toEqual(await shown(memory));
        expect(await openJobs(redis)).toEqual(expect.arrayContaining(await openJobs(memory)));
        await redis.jobs.index({ path: TASK }, NAMES, {});
        expect(await openJobs(redis)).toEqual(await openJobs(memory));
      }),
      { numRuns: Number(process.env['MODEL_RUNS'] ?? 150) },
    );
  });
});
