/**
 * The part of a Redis client that is called: ioredis 5 and 6, a single server or a Cluster. Nothing of it is imported. Beside the
 * public type some properties are looked at where they are there, and done without where they are not.
 */

/** A ready client, of ioredis 5 or 6: `Redis` or `Cluster`. It stays the user's to close. */
export interface RedisClient {
  call(command: string, ...args: (string | Buffer | number)[]): Promise<unknown>;
  callBuffer: RedisClient['call'];
  nodes?(role: 'master'): RedisClient[];
}

/** An argument of a command. */
export type Argument = string | number | Buffer;

type Send = (this: RedisClient, ...args: Argument[]) => Promise<unknown>;

interface Unseen {
  readonly status?: string;
  readonly stream?: unknown;
  readonly options?: { readonly keyPrefix?: string };
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
  const builtin = unseen(client).createBuiltinCommand?.(command);
  if (builtin) return (reply === 'text' ? builtin.string : builtin.buffer).apply(client, [...args]);
  return reply === 'text' ? client.call(command, ...args) : client.callBuffer(command, ...args);
}

/** The masters of a Cluster, or the client itself. */
export function mastersOf(client: RedisClient): readonly RedisClient[] {
  return client.nodes?.('master') ?? [client];
}

/**
 * The sockets that a command may go out on. ioredis sends a command again, by itself, after it has connected anew: a socket that
 * has changed since the command was given to it means that it may have been sent twice.
 */
export function socketsOf(client: RedisClient): readonly unknown[] {
  return mastersOf(client).map((node) => unseen(node).stream);
}

/** Whether no socket has changed. */
export function sameSockets(one: readonly unknown[], other: readonly unknown[]): boolean {
  return one.length === other.length && one.every((socket) => other.includes(socket));
}

/** Whether the client was closed for good, so that it sends nothing. */
export function isClosed(client: RedisClient): boolean {
  return unseen(client).status === 'end';
}

/** What the client puts before every key. */
export function keyPrefixOf(client: RedisClient): string {
  return unseen(client).options?.keyPrefix ?? '';
}
