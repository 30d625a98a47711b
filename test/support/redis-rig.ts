import { createHash } from 'node:crypto';
import { redisMetastore, type RedisClient } from '../../src/redis.ts';
import { keysOf } from '../../src/format/redis-keys.ts';
import type { MetastoreRig } from '../contract/metastore-parts.ts';

/**
 * The Redis metastore with its server's time in the test's hand. Until the time is moved, commands go to the server unchanged.
 * Then each script is sent with the place where it asks for the time changed. Keys that the server would have forgotten
 * by then are deleted. Everything else of the script, and of the server, is real.
 */

/** The part of ioredis 5 and 6 that the rig needs. */
export interface RigClient {
  status: string;
  call(command: string, ...args: (string | Buffer | number)[]): Promise<unknown>;
  callBuffer(command: string, ...args: (string | Buffer | number)[]): Promise<unknown>;
  hgetallBuffer(key: string): Promise<Record<string, Buffer>>;
  hset(key: string, field: string, text: string): Promise<number>;
  hdel(key: string, field: string): Promise<number>;
  disconnect(): void;
}

type Send = (...args: (string | Buffer | number)[]) => Promise<unknown>;

/** What stands for the server's time in a script, and what for the life that is left of its key; or nothing, for its own. */
export type TimeOf = () => { time: string; left: string; ahead: number } | undefined;

/** A client whose server lives at another time. */
export function timedClient(client: RigClient, timeOf: TimeOf): RedisClient {
  /** The digest of each script that was changed and sent, by its own digest and the time. */
  const sent = new Map<string, string>();
  const shifted = (command: string, send: Send): Send => {
    return async (...args) => {
      const other = timeOf();
      if (other && command === 'time') {
        const [seconds, microseconds] = (await send(...args)) as [string, string];
        return [String(Number(seconds) + Math.floor(other.ahead / 1_000)), microseconds];
      }
      if (!other || (command !== 'evalsha' && command !== 'eval')) return send(...args);
      const [first, ...rest] = args;
      const when = `${other.time} ${other.left}`;
      if (command === 'evalsha') {
        const digest = sent.get(`${String(first)} ${when}`);
        if (digest !== undefined) return send(digest, ...rest);
        throw Object.assign(new Error('NOSCRIPT the time was moved'), { name: 'ReplyError' });
      }
      const script = String(first);
      if (!script.includes(TIME)) throw new Error('the script asks for no time');
      const changed = script.replace(TIME, other.time).replaceAll(LEFT, other.left);
      sent.set(`${sha1(script)} ${when}`, sha1(changed));
      return send(changed, ...rest);
    };
  };
  return new Proxy(client as unknown as RedisClient & { createBuiltinCommand(name: string): { string: Send; buffer: Send } }, {
    get(target, property) {
      if (property === 'createBuiltinCommand') {
        return (name: string) => {
          const { string, buffer } = target.createBuiltinCommand(name);
          return { string: shifted(name, string.bind(target)), buffer: shifted(name, buffer.bind(target)) };
        };
      }
      const value: unknown = Reflect.get(target, property, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}

const TIME = "redis.call('TIME')";
const LEFT = "redis.call('PTTL', KEY)";

/** All keys, each with its value and the life that is left of it. One command: a namespace has hundreds of keys. */
const DUMP = `local found = {}
for at, key in ipairs(redis.call('KEYS', '*')) do
  found[at] = {key, redis.call('DUMP', key), redis.call('PTTL', key)}
end
return found`;

/** Deletes the keys whose life ends within so many milliseconds. */
const FORGET = `for _, key in ipairs(redis.call('KEYS', '*')) do
  local left = redis.call('PTTL', key)
  if left >= 0 and left <= tonumber(ARGV[1]) then redis.call('DEL', key) end
end`;

function shifted(ms: number): ReturnType<TimeOf> {
  if (ms === 0) return undefined;
  const time = `(function() local t = ${TIME} return {tostring(t[1] + ${ms / 1_000}), t[2]} end)()`;
  return { time, left: `(${LEFT} - ${ms})`, ahead: ms };
}

/** A rig on a running server or Cluster. `nodes` are clients of its masters, one each. */
export function redisRig(client: RigClient, nodes: () => readonly RigClient[], stop: () => Promise<void>): MetastoreRig {
  let shift = 0;
  const hashOf = (namespace: string, path: string): string => keysOf(namespace).scope(path).key;
  const dump = async (node: RigClient): Promise<[string, { text: Buffer; left: number }][]> => {
    const found = (await node.callBuffer('eval', DUMP, 0)) as [Buffer, Buffer, number][];
    return found.map(([key, text, left]) => [key.toString(), { text, left }]);
  };
  const contents = async (): Promise<ReadonlyMap<string, unknown>> => {
    const all = (await Promise.all(nodes().map(dump))).flat();
    return new Map(
      all
        .map(([key, { text }]): [string, unknown] => [key, text.toString('base64')])
        .toSorted(([one], [other]) => (one < other ? -1 : 1)),
    );
  };
  const flush = async (): Promise<void> => {
    for (const node of nodes()) await node.call('flushall');
  };
  return {
    metastore: () => redisMetastore({ client: timedClient(client, () => shifted(shift)) }),
    shift: () => shift,
    async advance(ms) {
      if (ms % 1_000 !== 0) throw new Error('the time moves by whole seconds');
      shift += ms;
      for (const node of nodes()) await node.call('eval', FORGET, 0, shift);
    },
    async stored(namespace, path) {
      const fields = Object.entries(await client.hgetallBuffer(hashOf(namespace, path)));
      return new Map(fields.map(([field, text]) => [field, text.toString(field.startsWith('v:') ? 'latin1' : 'utf8')]));
    },
    async tamper(namespace, path, field, text) {
      const key = hashOf(namespace, path);
      await (text === undefined ? client.hdel(key, field) : client.hset(key, field, text));
    },
    contents,
    async backup() {
      const copies = await Promise.all(nodes().map(async (node) => ({ node, dumped: await dump(node) })));
      return async () => {
        for (const { node, dumped } of copies) {
          await node.call('flushall');
          for (const [key, { text, left }] of dumped) await node.call('restore', key, Math.max(0, left), text);
        }
      };
    },
    flush,
    async reset() {
      shift = 0;
      await flush();
    },
    stop,
  };
}
