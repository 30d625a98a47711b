import { systemClock } from '../../async/clock.ts';
import { boundedWait } from '../../async/deadline.ts';
import { ConfigError } from '../../model/errors/store.ts';
import { mastersOf, sendCommand, type RedisClient } from './client.ts';
import type { DurabilityWait } from './durability.ts';
import { explained, NAME, unavailable, type Cause } from './errors.ts';
import type { MetastoreContext } from '../metastore.ts';

/**
 * What a store knows of its server. One round trip before the first command tells whether the server can be used, and what time
 * it is; every answer tells the time again.
 */
export interface Session {
  readonly time: ServerTime;
  /** Whether the server was found usable. */
  isOpen(): boolean;
  /** Rejects if the server cannot be used, also with an error of the client; the next call then tries again. */
  open(): Promise<void>;
}

/** The server's time, as far as it is known without asking. */
export interface ServerTime {
  /** A time that the server gave just now. */
  observe(serverTime: number): void;
  /** At most the server's time now, in milliseconds; `undefined` before anything was observed. */
  atLeast(): number | undefined;
}

/**
 * The server gave its time before we received it, so at least as much time has passed there as here. A monotonic clock counts it:
 * this machine's own idea of the time does not matter.
 */
export function createServerTime(monotonic: () => number): ServerTime {
  let offset: number | undefined;
  return {
    observe(serverTime) {
      offset = serverTime - monotonic();
    },
    atLeast: () => (offset === undefined ? undefined : Math.floor(offset + monotonic())),
  };
}

/** Redis 6.2 has `ZADD LT` for members of a sorted set, and what else the scripts use. */
const OLDEST = [6, 2] as const;
/** Redis 7.2 has `WAITAOF`. */
const OLDEST_WITH_WAITAOF = [7, 2] as const;

/** A session of one store. */
export function createSession(
  client: RedisClient,
  context: MetastoreContext,
  wait: DurabilityWait | undefined,
  cause: Cause,
): Session {
  // Never the store's `now`: if the wall clock is set forward, the server's time would be guessed ahead of the server.
  const { clock } = context;
  const time = createServerTime(() => (clock.monotonic ? clock.monotonic() : systemClock.monotonic()));
  let opened: Promise<void> | undefined;
  let usable = false;
  let warned = false;

  const check = (info: string): void => {
    const version = fieldIn(info, 'redis_version') ?? '';
    if (isOlder(version, OLDEST))
      throw new ConfigError('client', 'must be of Redis 6.2 or newer, or of a server that is compatible', version);
    if (wait?.appendOnlyFile === true && isOlder(version, OLDEST_WITH_WAITAOF)) {
      throw new ConfigError(
        'durability.kind',
        "may be 'append-only-file' with Redis 7.2 or newer, which has WAITAOF; the server is older",
        version,
      );
    }
    const policy = fieldIn(info, 'maxmemory_policy');
    if (policy === undefined || policy === 'noeviction' || warned) return;
    warned = true;
    context.logger?.warn(
      { store: NAME, policy },
      `Redis may evict state when its memory is full: maxmemory-policy is ${policy}, and must be noeviction, or external jobs are forgotten and submitted again`,
    );
  };

  const ask = async (): Promise<void> => {
    const [info, now] = await Promise.all([infoOf(client), sendCommand(client, 'text', 'time', [])]);
    time.observe(timeIn(now));
    check(info);
    if (client.nodes) for (const one of await Promise.all(mastersOf(client).map(infoOf))) check(one);
  };

  const open = async (): Promise<void> => {
    const outcome = await boundedWait(context.timer, context.commandTimeout, undefined, ask);
    if (outcome.ended !== 'value')
      throw unavailable(explained(`Redis gave no answer within ${context.commandTimeout} ms`, cause));
    usable = true;
  };

  return {
    time,
    isOpen: () => usable,
    open() {
      opened ??= open().catch((error: unknown) => {
        opened = undefined;
        throw error;
      });
      return opened;
    },
  };
}

/** What the server says of itself; nothing if its user may not ask. */
export async function infoOf(client: RedisClient): Promise<string> {
  try {
    return String(await sendCommand(client, 'text', 'info', []));
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('NOPERM')) return '';
    throw error;
  }
}

/** A field of what INFO answers. */
export function fieldIn(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
}

/** What TIME answers, in milliseconds. */
export function timeIn(reply: unknown): number {
  const [seconds, microseconds] = reply as [string, string];
  return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
}

function isOlder(version: string, [major, minor]: readonly [number, number]): boolean {
  const match = /^(\d+)\.(\d+)/.exec(version);
  if (!match) return false;
  const [, ours, theirs] = match.map(Number) as [number, number, number];
  return ours < major || (ours === major && theirs < minor);
}
