import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Cluster, Redis } from 'ioredis';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createStateStore, jobRecords } from '../../src/index.ts';
import { doctor } from '../../src/maintenance/doctor/doctor.ts';
import { redisMetastore } from '../../src/redis.ts';
import { memoryObjectStore } from '../../src/object-store/memory.ts';
import { metastoreContract } from '../contract/metastore.ts';
import { redisRig, type RigClient } from '../support/redis-rig.ts';
import { startRedis, startRedisCluster, type TestRedis } from '../support/redis.ts';

/** The users of Redis that docs/operations.md shows can do all that the code asks for, and nothing that it does not. */

const PASSWORD = 'long-enough';
const SOURCES = join(import.meta.dirname, '../../src/metastore/redis');

/** The words of a marked block, those of `ACL SETUSER` from `on`. */
async function wordsOf(name: string): Promise<string[]> {
  const page = await readFile(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
  const block = new RegExp(`<!-- acl: ${name} -->\\n\`\`\`text\\n(?:ACL SETUSER \\S+ )?([\\s\\S]*?)\`\`\``).exec(page)?.[1];
  if (block === undefined) throw new Error(`docs/operations.md has no block ${name}`);
  return block.replace('PASSWORD', PASSWORD).trim().split(/\s+/);
}

async function addUser(server: TestRedis, name: string, more: readonly string[] = [], block = name): Promise<void> {
  const reply = await server.command('acl', 'setuser', name, ...(await wordsOf(block)), ...more);
  if (reply !== '+OK\r\n') throw new Error(`the rule ${name} was refused: ${reply}`);
}

function as(name: string, { port }: TestRedis): { host: string; port: number; username: string; password: string } {
  return { host: '127.0.0.1', port, username: name, password: PASSWORD };
}

/** What the rig itself does to a server is no right of ours. */
const OF_THE_RIG: ReadonlySet<string | symbol> = new Set(['hgetallBuffer', 'hset', 'hdel']);

/** A client whose commands of the library are those of one user, and whose commands of the rig are an administrator's. */
function withRig(user: Redis, administrator: Redis): RigClient {
  return new Proxy(user, {
    get(target, name) {
      const owner = OF_THE_RIG.has(name) ? administrator : target;
      const value: unknown = Reflect.get(owner, name, owner);
      return typeof value === 'function' ? value.bind(owner) : value;
    },
  });
}

metastoreContract('Redis, as the user of docs/operations.md', async () => {
  const server = await startRedis();
  await addUser(server, 'mooring-operator');
  const administrator = new Redis({ host: '127.0.0.1', port: server.port });
  const user = new Redis(as('mooring-operator', server));
  return redisRig(
    withRig(user, administrator),
    () => [administrator],
    async () => {
      user.disconnect();
      administrator.disconnect();
      await server.stop();
    },
  );
});

describe('the users of docs/operations.md', () => {
  let server: TestRedis;
  let worker: Redis;
  let operator: Redis;
  const TASK = { flow: 'media', run: '1', task: 'encode' };

  beforeAll(async () => {
    server = await startRedis();
    await addUser(server, 'mooring-worker');
    await addUser(server, 'mooring-operator', await wordsOf('replicas'));
    worker = new Redis(as('mooring-worker', server));
    operator = new Redis(as('mooring-operator', server));
  });

  afterAll(async () => {
    worker?.disconnect();
    operator?.disconnect();
    await server?.stop();
  });

  test('may do just what the code asks for', async () => {
    const granted = async (...names: readonly string[]): Promise<Set<string>> => {
      const words = (await Promise.all(names.map(wordsOf))).flat();
      return new Set(words.filter((word) => word.startsWith('+')).map((word) => word.slice(1)));
    };
    const rights = {
      all: await granted('mooring-operator', 'replicas', 'append-only-file', 'cluster'),
      worker: await granted('mooring-worker'),
    };

    // The client itself asks for the slots of a Cluster.
    const byUs = [...rights.all].filter((right) => !right.startsWith('cluster|'));
    expect(byUs.toSorted()).toEqual([...(await commandsOf(/./))].toSorted());
    const ofOperators = await commandsOf(/sweep|restore|facts|durability|^operators|^jobs/);
    const ofWorkers = await commandsOf(/^(?!.*(?:sweep|restore|facts|durability)|operators|jobs)/);
    expect([...rights.worker].toSorted()).toEqual([...ofWorkers].toSorted());
    expect([...ofOperators].filter((command) => !ofWorkers.has(command)).length).toBeGreaterThan(0);
  });

  test('work on state and on external jobs', async () => {
    await using store = createStateStore({ metastore: redisMetastore({ client: worker }) });
    const state = store.task<{ cursor: number; name: string }>(TASK);

    await store.ready();
    await state.set('cursor', 1);
    await state.update('cursor', (current = 0) => current + 1);
    await state.setMany({ name: 'a' });

    expect(await state.getMany(['cursor', 'name'])).toEqual({ cursor: 2, name: 'a' });
    await state.clear();
    await expect(jobRecords(store).list()[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'mooring.config' });
  });

  test('are missed by ready() where one of their rights is', async () => {
    const rights = (await wordsOf('mooring-worker')).filter((word) => word.startsWith('+'));
    // What is only asked for: the server's version; and a script is sent in full only where the server does not have it.
    const needed = rights.filter((right) => right !== '+info' && right !== '+eval');

    for (const right of needed) {
      await addUser(server, 'mooring-less', [right.replace('+', '-')], 'mooring-worker');
      const client = new Redis(as('mooring-less', server));
      await using store = createStateStore({ metastore: redisMetastore({ client }), namespace: 'less' });

      const error = await store.ready().catch((thrown: unknown) => thrown);

      expect([right, error]).toEqual([right, expect.objectContaining({ code: 'mooring.config', option: 'client' })]);
      client.disconnect();
    }

    expect(await server.command('keys', 'mooring:{less:*')).toBe('*0\r\n');
  });

  describe('when a right is taken away, or the password changed, for a while', () => {
    test.each([
      ['the right to run scripts', ['-eval', '-evalsha'], ['+eval', '+evalsha'], false],
      ['a right that the scripts need', ['-hmget'], ['+hmget'], false],
      ['the password', ['resetpass', '>another'], ['resetpass', `>${PASSWORD}`], true],
    ])('%s: it is an outage for jobs while ready() says at once what is missing', async (_what, taken, given, reconnects) => {
      await addUser(server, 'mooring-less', [], 'mooring-worker');
      const client = new Redis(as('mooring-less', server)).on('error', () => undefined);
      await using store = createStateStore({ metastore: redisMetastore({ client }), namespace: 'taken' });
      const state = store.task(TASK);
      await state.set('k', 1);

      await server.command('acl', 'setuser', 'mooring-less', ...taken);
      if (reconnects) client.disconnect(true);
      const met = await state.get('k').catch((thrown: unknown) => thrown);
      const told = await store.ready().catch((thrown: unknown) => thrown);
      await server.command('acl', 'setuser', 'mooring-less', ...given);
      if (reconnects) client.disconnect(true);

      expect(met).toMatchObject({
        code: 'mooring.store-unavailable',
        message: expect.stringMatching(/\[(NOPERM|WRONGPASS|NOAUTH)\]/),
      });
      expect(told).toMatchObject({ code: 'mooring.config', option: 'client' });
      expect(await state.get('k')).toBe(1);
      client.disconnect();
    });
  });

  test('I2 a right that is missing half-way leaves a write unknown: a part of it is there', async () => {
    await addUser(server, 'mooring-less', ['-pexpireat'], 'mooring-worker');
    const client = new Redis(as('mooring-less', server));
    await using store = createStateStore({
      metastore: redisMetastore({ client }),
      objectStore: memoryObjectStore(),
      offloadThreshold: 0,
    });
    const state = store.task({ ...TASK, run: 'half' });

    await expect(state.set('k', 1)).rejects.toMatchObject({ code: 'mooring.outcome-unknown', reason: 'no-answer' });

    expect(await state.get('k')).toBe(1);
    client.disconnect();
  });

  test('reach no key but those of the library', async () => {
    for (const client of [worker, operator]) await expect(client.set('bull:transcode:id', 1)).rejects.toThrow('NOPERM');
  });

  test('look after it, as the operator', async () => {
    const metastore = redisMetastore({ client: operator, durability: { kind: 'replicas', count: 1, timeout: 50 } });
    await using store = createStateStore({ metastore });

    const findings = await doctor(createStateStore({ metastore: redisMetastore({ client: operator }) }));

    await expect(store.task(TASK).set('cursor', 1)).rejects.toMatchObject({
      code: 'mooring.outcome-unknown',
      reason: 'not-replicated',
    });

    expect(findings.filter(({ level }) => level === 'error')).toEqual([]);
    expect(findings.map(({ check }) => check)).toEqual(expect.arrayContaining(['version', 'eviction-policy', 'persistence']));
  });
});

test('the user of a worker reaches a Cluster with three rights more', async () => {
  const servers = await startRedisCluster();
  try {
    const more = await wordsOf('cluster');
    for (const node of servers.nodes) await addUser(node, 'mooring-worker', more);
    const [first] = servers.nodes;
    const { host, port, username, password } = as('mooring-worker', first as TestRedis);
    const client = new Cluster([{ host, port }], { redisOptions: { username, password } });
    await using store = createStateStore({ metastore: redisMetastore({ client }) });
    for (let run = 0; run < 20; run += 1) await store.task({ flow: 'media', run: `${run}`, task: 'encode' }).set('k', run);

    await store.ready();

    expect(await store.task({ flow: 'media', run: '7', task: 'encode' }).get('k')).toBe(7);
    client.disconnect();
  } finally {
    await servers.stop();
  }
});

test('ready() misses a right that a Cluster needs only while a slot is moved', async () => {
  const servers = await startRedisCluster();
  try {
    const more = await wordsOf('cluster');
    for (const node of servers.nodes) await addUser(node, 'mooring-worker', [...more, '-asking']);
    const { host, port, username, password } = as('mooring-worker', servers.nodes[0] as TestRedis);
    const client = new Cluster([{ host, port }], { redisOptions: { username, password } });
    await using store = createStateStore({ metastore: redisMetastore({ client }) });

    await expect(store.ready()).rejects.toMatchObject({ code: 'mooring.config', option: 'client' });

    client.disconnect();
  } finally {
    await servers.stop();
  }
});

/** How a command is named in the sources: in a script, or sent by the client. */
const NAMED =
  /redis\.p?call\('([A-Z]+)'|each\('([A-Z]+)'|sendCommand\(\w+, '\w+', '(\w+)'|\bread\(\w+, '(\w+(?:', \['\w+)?)'|command\('(\w+)'\)|'(wait(?:aof)?)'/g;

/** The commands in those sources of the metastore whose names match. */
async function commandsOf(names: RegExp): Promise<Set<string>> {
  const files = (await readdir(SOURCES, { recursive: true })).filter((file) => file.endsWith('.ts') && names.test(file));
  const texts = await Promise.all(files.map((file) => readFile(join(SOURCES, file), 'utf8')));
  const found = texts.flatMap((text) => [...text.matchAll(NAMED)].map((match) => match.slice(1).find(Boolean) ?? ''));
  return new Set(found.map((name) => name.toLowerCase().replace("', ['", '|')));
}
