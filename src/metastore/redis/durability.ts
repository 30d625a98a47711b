import { milliseconds, type Duration } from '../../model/duration.ts';
import { ConfigError, wrongKind } from '../../model/errors/store.ts';
import { requireKnownNames } from '../../model/check-options.ts';
import { mastersOf, sendCommand, type Argument, type RedisClient } from './client.ts';

/**
 * How safe a write must be before it counts as done: on so many replicas (`WAIT`), or also in the append-only file (`WAITAOF`,
 * Redis 7.2). It narrows what a failover loses; Redis promises no more than that.
 */
export type Durability =
  | { kind: 'replicas'; count: number; timeout: Duration }
  | { kind: 'append-only-file'; replicas: number; timeout: Duration };

const REPLICAS = { kind: true, count: true, timeout: true } as const;
const APPEND_ONLY_FILE = { kind: true, replicas: true, timeout: true } as const;

/** A durability that was checked. */
export interface DurabilityWait {
  readonly appendOnlyFile: boolean;
  /** Milliseconds. */
  readonly timeout: number;
  /**
   * Asks a server, or every master of a Cluster, how far its replicas are with what this connection wrote. The question must go out
   * on the connection of the write, after it. A Cluster may send a command twice, to another node; there the question goes out after
   * the reply.
   */
  reached(client: RedisClient): Promise<boolean>;
  /**
   * Whether a server can ever confirm a write.
   *
   * @param field - A field of what it says of itself; `undefined` if it may not be asked.
   * @throws {@link ConfigError} if it cannot.
   */
  requirePossible(field: (name: string) => string | undefined): void;
}

/**
 * Checks a durability.
 *
 * @throws {@link ConfigError}
 */
export function waitFor(durability: Durability | undefined): DurabilityWait | undefined {
  if (durability === undefined) return undefined;
  if (typeof durability !== 'object' || durability === null) throw wrongKind('durability', 'must be an object', durability);
  if (durability.kind !== 'replicas' && durability.kind !== 'append-only-file') {
    throw new ConfigError('durability.kind', "must be 'replicas' or 'append-only-file'", (durability as { kind: unknown }).kind);
  }
  const appendOnlyFile = durability.kind === 'append-only-file';
  requireKnownNames('durability', durability, appendOnlyFile ? APPEND_ONLY_FILE : REPLICAS);
  const [option, replicas, least] = appendOnlyFile
    ? (['durability.replicas', durability.replicas, 0] as const)
    : (['durability.count', durability.count, 1] as const);
  if (!Number.isSafeInteger(replicas) || replicas < least) {
    throw new ConfigError(option, `must be a whole number of at least ${least}`, replicas);
  }
  const timeout = milliseconds(durability.timeout, 'durability.timeout');
  const command = appendOnlyFile ? 'waitaof' : 'wait';
  const args: Argument[] = appendOnlyFile ? [1, replicas, timeout] : [replicas, timeout];
  const far = (reply: unknown): boolean => {
    const [local, copies] = Array.isArray(reply) ? (reply as number[]) : [1, reply as number];
    return Number(local) >= 1 && Number(copies) >= replicas;
  };
  return {
    appendOnlyFile,
    timeout,
    async reached(client) {
      const replies = await Promise.all(mastersOf(client).map((node) => sendCommand(node, 'text', command, args)));
      return replies.every(far);
    },
    requirePossible(field) {
      if (appendOnlyFile && field('aof_enabled') === '0') {
        throw new ConfigError('durability.kind', "may be 'append-only-file' on a server with appendonly yes; this one has none");
      }
      const there = field('connected_slaves');
      if (there === undefined || Number(there) >= replicas) return;
      throw new ConfigError(option, `must not be more than the replicas that follow the server, which are ${there}`, replicas);
    },
  };
}
