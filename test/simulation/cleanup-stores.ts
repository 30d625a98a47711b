import { OutcomeUnknownError } from '../../src/model/errors/store.ts';
import type { OpenMetastore } from '../../src/metastore/metastore.ts';
import { wrapOperations, type OperationName } from '../../src/metastore/operations.ts';
import type { ObjectStore } from '../../src/object-store/object-store.ts';
import type { Process, World } from './world.ts';

/** The way of one process to its stores: every call takes time before it is applied and after; answers are lost, copies arrive late. */

const COMMAND_TIMEOUT = 10_000;
/** A call that can be late is late by less than the lateness limit. */
const LATEST = 55 * 60_000;
/** Calls that do not change a value, so any number of them may take no time. */
const AT_ONCE: ReadonlySet<OperationName> = new Set<OperationName>(['now', 'lineage.read', 'lineage.bear', 'ready', 'facts']);
/** What yields paths, at once. */
const LISTINGS: ReadonlySet<OperationName> = new Set<OperationName>(['sweep.due', 'scopes.paths', 'jobs.open']);

/** What an applied call tells. */
export interface Heard {
  /** After a call of the metastore was applied. */
  applied(method: OperationName, args: readonly unknown[], reply: unknown): void;
  /** A page of a sweep, which removes entries. */
  removing(apply: () => Promise<unknown>): Promise<unknown>;
  /** Before an object is deleted. */
  deleting(object: string, by: Process): void;
}

/** The metastore, as this process reaches it. */
export function slowMetastore(world: World, inner: OpenMetastore, process: Process, heard: Heard): OpenMetastore {
  return wrapOperations(inner, (operation, method) => {
    if (LISTINGS.has(method)) return operation;
    const apply = async (args: unknown[]): Promise<unknown> => {
      const call = async (): Promise<unknown> => operation(...args);
      const reply = await (method === 'sweep.page' ? heard.removing(call) : call());
      heard.applied(method, args, reply);
      return reply;
    };
    return async (...args: unknown[]): Promise<unknown> => {
      if (AT_ONCE.has(method)) return apply(args);
      await world.delay(process, 5_000);
      if (method === 'values.write' && world.chance(0.05)) {
        world.note(`${process.name} write: a copy stays in flight`);
        world.after(world.between(0, LATEST), () => void apply(args).catch(() => undefined));
        if (world.chance(0.5)) {
          await new Promise<void>((resolve) => void world.after(COMMAND_TIMEOUT, resolve, process));
          throw new OutcomeUnknownError('no-answer', 'no answer');
        }
      }
      const reply = await apply(args);
      if (process.name !== 'reader') world.note(`${process.name} ${method}${told(args, reply)}`);
      await world.delay(process, 5_000);
      return reply;
    };
  });
}

function told(args: readonly unknown[], reply: unknown): string {
  const { path } = (args[0] ?? {}) as { path?: string };
  const kind = typeof reply === 'object' && reply !== null && 'kind' in reply ? ` ${String(reply.kind)}` : '';
  return `${path === undefined ? '' : ` ${path}`}${kind}`;
}

/** The object store, as this process reaches it. */
export function slowObjectStore(world: World, inner: ObjectStore, process: Process, heard: Heard): ObjectStore {
  const slowly = async <T>(work: () => Promise<T>): Promise<T> => {
    await world.delay(process, 8_000);
    const answer = await work();
    await world.delay(process, 8_000);
    return answer;
  };
  return {
    alias: inner.alias,
    put: (key, body, options) =>
      slowly(async () => {
        world.note(`${process.name} puts ${short(key)}`);
        return inner.put(key, body, { ifAbsent: options.ifAbsent });
      }),
    get: (key) => slowly(() => inner.get(key)),
    getStream: (key) => slowly(() => inner.getStream(key)),
    delete: (keys) =>
      slowly(async () => {
        for (const key of keys) {
          heard.deleting(key, process);
          world.note(`${process.name} deletes ${short(key)}`);
        }
        return inner.delete(keys);
      }),
    async *list(prefix) {
      await world.delay(process, 8_000);
      for await (const one of inner.list(prefix)) {
        yield one;
        if (world.chance(0.3)) await world.delay(process, 8_000);
      }
    },
  };
}

/** An object by its key and the time in its name. */
export function short(key: string): string {
  const parts = key.split('/');
  return `${parts.slice(-4, -1).join('/')}/…${(parts.at(-1) ?? '').slice(25, 66)}`;
}
