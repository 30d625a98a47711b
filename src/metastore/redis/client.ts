import { nextTick } from 'node:process';
import type { Writable } from 'node:stream';
import { keySlot } from '../../format/redis-keys.ts';

/**
 * The part of a Redis client that is called: ioredis 5 and 6, a single server or a Cluster. Nothing of ioredis is imported. In
 * addition to the public type some properties are read if they exist; without them the code works too.
 */

/** A ready client, of ioredis 5 or 6: `Redis` or `Cluster`. It stays the user's to close. */
export interface RedisClient {
  /** Sends a command; replies with text. */
  call(command: string, ...args: (string | Buffer | number)[]): Promise<unknown>;
  /** Sends a command; replies with Buffers instead of text. */
  callBuffer: RedisClient['call'];
  /** The servers of a Cluster; only a Cluster has it. */
  nodes?(role: 'master'): RedisClient[];
}

/** An argument of a command. */
export type Argument = string | number | Buffer;

type Send = (this: RedisClient, ...args: Argument[]) => Promise<unknown>;

interface Unseen {
  readonly status?: string;
  readonly stream?: Partial<Pick<Writable, 'cork' | 'uncork' | 'writable'>>;
  /** Counts the connections. */
  readonly connectionEpoch?: number;
  readonly options?: { readonly keyPrefix?: string; readonly host?: string; readonly port?: number };
  /** Of a Cluster: the addresses of the servers that have a slot, its master's first. */
  readonly slots?: readonly (readonly string[] | undefined)[];
  createBuiltinCommand?(name: string): { string: Send; buffer: Send };
}

function unseen(client: RedisClient): Unseen {
  return client as unknown as Unseen;
}

/**
 * Sends a command, by its lower-case name, and replies with text or with Buffers. It goes around auto-pipelining, which calls
 * `callBuffer` wrongly, sends scripts of several slots in one pipeline, and makes scripts slower.
 */
export function sendCommand(
  client: RedisClient,
  reply: 'text' | 'buffers',
  command: string,
  args: readonly Argument[],
): Promise<unknown> {
  return commandOf(client, reply, command)(args);
}

/** A command that is sent often. */
export function commandOf(
  client: RedisClient,
  reply: 'text' | 'buffers',
  command: string,
): (args: readonly Argument[]) => Promise<unknown> {
  const builtin = unseen(client).createBuiltinCommand?.(command);
  const send = builtin && (reply === 'text' ? builtin.string : builtin.buffer);
  if (send) return (args) => send.apply(client, args as Argument[]);
  return (args) => (reply === 'text' ? client.call(command, ...args) : client.callBuffer(command, ...args));
}

/**
 * Lets what is sent in one turn of the event loop go out in one write. ioredis writes each command by itself: a profile showed 16 %
 * of the time of a fenced `set` in these writes, and each may wake the server. Nothing waits longer: the turn is over before
 * anything could be answered. To be called before a command is sent.
 */
export function gatherWrites(client: RedisClient): () => void {
  let gathering = false;
  return () => {
    if (gathering) return;
    gathering = true;
    const sockets = mastersOf(client).map((node) => unseen(node).stream);
    for (const socket of sockets) socket?.cork?.();
    nextTick(() => {
      gathering = false;
      for (const socket of sockets) socket?.uncork?.();
    });
  };
}

/** The masters of a Cluster, or the client itself. */
export function mastersOf(client: RedisClient): readonly RedisClient[] {
  return client.nodes?.('master') ?? [client];
}

/**
 * The master that has a key of a Cluster, as far as the client knows; `undefined` if the connection to it has ended, if the
 * client puts something before every key, or if it is no Cluster.
 */
export function ownerOf(client: RedisClient, key: string): RedisClient | undefined {
  const [address] = unseen(client).slots?.[keySlot(key)] ?? [];
  if (address === undefined || keyPrefixOf(client) !== '') return undefined;
  return mastersOf(client).find((node) => {
    const { status, options } = unseen(node);
    return status !== 'end' && status !== 'close' && `${options?.host}:${options?.port}` === address;
  });
}

/**
 * Looks at the sockets that a command may go out on, and tells later whether they are still the same. The client, ioredis, sends
 * a command again by itself after it has connected anew. A socket that has changed since then means that the command may have
 * been sent twice.
 */
export function watchSockets(client: RedisClient): () => boolean {
  if (!client.nodes) {
    const { stream: socket } = unseen(client);
    const first = awaitedConnection(client);
    return () => unseen(client).stream === socket || (first !== undefined && unseen(client).connectionEpoch === first);
  }
  const sockets = (): unknown[] => mastersOf(client).map((node) => unseen(node).stream);
  const before = sockets();
  return () => {
    const now = sockets();
    return now.length === before.length && now.every((socket) => before.includes(socket));
  };
}

/** Before the first connection, and between two. */
const UNCONNECTED = /^(?:wait|reconnecting)$/;

/** The connection that a command waits for if there is none now: it goes out on that one for the first time. */
function awaitedConnection(client: RedisClient): number | undefined {
  const { status, stream, connectionEpoch } = unseen(client);
  if (connectionEpoch === undefined) return undefined;
  if (status === 'connecting') return connectionEpoch;
  return UNCONNECTED.test(status ?? '') || stream?.writable === false ? connectionEpoch + 1 : undefined;
}

/** Whether the client was closed for good, so that it sends nothing. */
export function isClosed(client: RedisClient): boolean {
  return unseen(client).status === 'end';
}

/** What the client puts before every key. */
export function keyPrefixOf(client: RedisClient): string {
  return unseen(client).options?.keyPrefix ?? '';
}
