import { redisMetastore, type RedisClient } from '../../src/metastore/redis.ts';
import { keysOf } from '../../src/metastore/layout.ts';
import type { MetastoreRig } from '../contract/metastore-parts.ts';

/**
 * The Redis metastore with its server's time in the test's hand. Until the time is moved, commands go to the server as they are.
 * Then each script is sent as text, with the place where it asks for the time changed; and keys that the server would have
 * forgotten by then are deleted. Everything else of the script, and of the server, is real.
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

/** A clock that a rig and its tests share. */
export interface RigClock {
  shift: number;
}

/** A client whose server lives at a later time. */
export function shiftedClient(client: RigClient, clock: RigClock): RedisClient {
  const shifted = (command: string, send: Send): Send => {
    return async (...args) => {
      if (clock.shift === 0) return send(...args);
      if (command === 'evalsha') throw Object.assign(new Error('NOSCRIPT the time was moved'), { name: 'ReplyError' });
      if (command === 'eval') return send(moveTime(String(args[0]), clock.shift), ...args.slice(1));
      const reply = await send(...args);
      return command === 'time' ? later(reply as [string, string], clock.shift) : reply;
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

/** Asks for the time where a script does, moved; and counts what is left of a key's life from then. */
function moveTime(script: string, shift: number): string {
  const seconds = Math.floor(shift / 1_000);
  const time = `(function() local t = redis.call('TIME') return {tostring(t[1] + ${seconds}), t[2]} end)()`;
  const moved = script
    .replace("redis.call('TIME')", time)
    .replaceAll("redis.call('PTTL', KEY)", `(redis.call('PTTL', KEY) - ${shift})`);
  if (moved === script) throw new Error('the script asks for no time');
  return moved;
}

function later([seconds, microseconds]: [string, string], shift: number): [string, string] {
  return [String(Number(seconds) + Math.floor(shift / 1_000)), microseconds];
}

/** A rig on a running server or Cluster. `nodes` are clients of its masters, one each. */
export function redisRig(client: RigClient, nodes: () => readonly RigClient[], stop: () => Promise<void>): MetastoreRig {
  const clock: RigClock = { shift: 0 };
  const hashOf = (namespace: string, path: string): string => keysOf(namespace).scope(path)[0];
  const keys = async (node: RigClient): Promise<string[]> => {
    const found: string[] = [];
    let cursor = '0';
    do {
      const [next, page] = (await node.call('scan', cursor, 'count', 1_000)) as [string, string[]];
      found.push(...page);
      cursor = next;
    } while (cursor !== '0');
    return found;
  };
  return {
    metastore: () => redisMetastore({ client: shiftedClient(client, clock) }),
    shift: () => clock.shift,
    async advance(ms) {
      if (ms % 1_000 !== 0) throw new Error('the time moves by whole seconds');
      clock.shift += ms;
      for (const node of nodes()) {
        const all = await keys(node);
        const left = await Promise.all(all.map((key) => node.call('pttl', key)));
        const gone = all.filter((_key, index) => Number(left[index]) >= 0 && Number(left[index]) <= clock.shift);
        await Promise.all(gone.map((key) => node.call('del', key)));
      }
    },
    async stored(namespace, path) {
      const fields = Object.entries(await client.hgetallBuffer(hashOf(namespace, path)));
      return new Map(fields.map(([field, text]) => [field, text.toString(field.startsWith('v:') ? 'latin1' : 'utf8')]));
    },
    async tamper(namespace, path, field, text) {
      const key = hashOf(namespace, path);
      await (text === undefined ? client.hdel(key, field) : client.hset(key, field, text));
    },
    async reset() {
      clock.shift = 0;
      for (const node of nodes()) await node.call('flushall');
    },
    stop,
  };
}
