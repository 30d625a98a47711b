import { systemClock } from '../../async/clock.ts';
import { boundedWait, type CallOptions } from '../../async/deadline.ts';
import { ConfigError, isMooringError, OutcomeUnknownError } from '../../model/errors/store.ts';
import { keysOf, SHARDS, type Keys } from '../../format/redis-keys.ts';
import type { MetastoreContext } from '../metastore.ts';
import { foreignFormat } from '../replies.ts';
import type { ScopeAddress } from '../scope-address.ts';
import { readAnswer, type Answer } from './lua/answer.ts';
import {
  commandOf,
  gatherWrites,
  isClosed,
  ownerOf,
  sendCommand,
  watchSockets,
  type Argument,
  type RedisClient,
} from './client.ts';
import { createBatches } from './batch/gather.ts';
import type { DurabilityWait } from './durability.ts';
import {
  explained,
  isElsewhere,
  isMissingScript,
  isPassing,
  NAME,
  noAnswer,
  translate,
  unavailable,
  type Cause,
  type Failure,
} from './errors.ts';
import { createKnownScopes } from './lua/known-scopes.ts';
import { outlastRefusals } from './outlast.ts';
import type { ArgumentValue, Script } from './lua/script.ts';
import { createSession } from './session.ts';

/** One script at a time, as one round trip: its deadline, its durability, and what is known when it fails. */

/** A command that only reads. */
const QUESTION: Failure = { key: '', writes: false, resent: false, examines: false };

/** A script, whatever its arguments are called. */
type Program = Pick<Script, 'text' | 'sha' | 'writes' | 'together'>;

/** How scripts say that they wrote. */
const APPLIED: ReadonlySet<string> = new Set(['ok', 'listed']);

/** How a script is run. */
export interface ScriptOptions {
  /** Replies are text if nothing else is asked for. */
  buffers?: boolean;
  /** The caller sends this again. */
  resent?: boolean;
  /** Not worth waiting for replicas. */
  fleeting?: boolean;
  /** The scope is there in all likelihood. @defaultValue what this connection wrote */
  isThere?: boolean;
  /** Sent to learn whether the store is set up rightly: a missing right is then a mistake, and no outage. */
  examines?: boolean;
}

/** The list that a script takes after its other arguments. */
export interface Each<Item> {
  each?: readonly Item[];
}

/** The scripts of one store, on one client. */
export interface Connection {
  readonly keys: Keys;
  readonly client: RedisClient;
  /** What a write needs besides the answer of its master. */
  readonly durability: DurabilityWait | undefined;
  run<Name extends string, Item>(
    script: Script<Name, Item>,
    scope: ScopeAddress,
    given: Readonly<Record<NoInfer<Name>, ArgumentValue>>,
    call: CallOptions,
    options?: ScriptOptions & Each<NoInfer<Item>>,
  ): Promise<Answer>;
  /** Runs a script on keys that belong to no scope. */
  runOn<Name extends string>(
    script: Script<Name>,
    keys: readonly string[],
    given: Readonly<Record<NoInfer<Name>, ArgumentValue>>,
    call: CallOptions,
    options?: ScriptOptions,
  ): Promise<Answer>;
  /** One command that reads. */
  read(node: RedisClient, command: string, args: readonly Argument[], call: CallOptions): Promise<unknown>;
  /** Asks the servers anything that changes nothing, to learn whether the store is set up rightly. */
  examine<T>(call: CallOptions, work: () => Promise<T>): Promise<T>;
  /** A lower bound of the server's time, in milliseconds. */
  now(call: CallOptions): number | Promise<number>;
}

/**
 * Connects the scripts with a client; sends nothing yet.
 *
 * @throws {@link ConfigError} when the durability may take longer than a call.
 */
export function createConnection(
  client: RedisClient,
  wait: DurabilityWait | undefined,
  context: MetastoreContext,
  cause: Cause,
): Connection {
  const { timer, commandTimeout } = context;
  if (wait && wait.timeout >= commandTimeout) {
    throw new ConfigError('durability.timeout', `must be below commandTimeout, which is ${commandTimeout} ms`, wait.timeout);
  }
  const keys = keysOf(context.namespace);
  const session = createSession(client, context, wait, cause);
  const { time } = session;
  const command = (name: string) => ({ text: commandOf(client, 'text', name), buffers: commandOf(client, 'buffers', name) });
  const commands = { evalsha: command('evalsha'), eval: command('eval') };
  const gather = gatherWrites(client);
  const batches = createBatches(client, (as, line, buffers) => {
    gather();
    return commands[as][buffers ? 'buffers' : 'text'](line);
  });
  const late = (): string => explained(`the deadline of ${commandTimeout} ms passed`, cause);
  const scopes = createKnownScopes();

  /** Sends `work` within `ms`, once the session is open; its rejection comes out translated. */
  const within = async <T>(
    call: CallOptions,
    failure: Failure,
    work: (isOver: () => boolean, wasResent: () => boolean) => Promise<T>,
    ms = commandTimeout,
  ): Promise<T> => {
    let over = false;
    let { resent } = failure;
    let sameSockets: (() => boolean) | undefined;
    const wasResent = (): boolean => (resent ||= sameSockets?.() === false);
    const send = async (): Promise<T> => {
      refuseEnded(client);
      await session.open().catch((error: unknown) => {
        throw isMooringError(error) ? error : translate(error, { ...QUESTION, examines: failure.examines }, cause);
      });
      if (over) throw unavailable('the call is over');
      refuseEnded(client);
      sameSockets = watchSockets(client);
      return work(() => over, wasResent).catch((error: unknown) => {
        wasResent();
        throw error;
      });
    };
    const outcome = await boundedWait(timer, ms, call.signal, () =>
      outlastRefusals({ ...context, commandTimeout: ms }, call.signal, failure, send),
    ).catch((error: unknown) => {
      if (!isMooringError(error)) throw translate(error, { ...failure, resent }, cause);
      // Nothing was sent now, but an earlier send may have been applied.
      throw failure.resent && error.code === 'mooring.store-unavailable' ? noAnswer(failure, error.message) : error;
    });
    over = true;
    if (outcome.ended === 'value') return outcome.value;
    if (outcome.ended === 'aborted') throw outcome.reason;
    throw sameSockets === undefined && !failure.resent
      ? unavailable(`Redis gave no answer: ${late()}`)
      : noAnswer(failure, late());
  };

  const examine: Connection['examine'] = (call, work) => within(call, { ...QUESTION, examines: true }, work);

  /** Sends a script, and right after it the question how far its write was replicated. `line`: its name, its keys, its arguments. */
  const evaluate = async (
    script: Program,
    line: readonly Argument[],
    { buffers = false, fleeting = false }: ScriptOptions,
    isOver: () => boolean,
    isMissing: boolean,
    owner?: RedisClient,
  ): Promise<{ reply: unknown; safe: boolean }> => {
    const asks = wait !== undefined && script.writes && !fleeting;
    const node = owner ?? client;
    const sameSockets = asks ? watchSockets(node) : undefined;
    const reached = async (): Promise<boolean> => wait === undefined || wait.reached(node).catch(() => false);
    const sendAs = async (
      command: keyof typeof commands,
      all: readonly Argument[],
    ): Promise<{ reply: unknown; safe: boolean }> => {
      batches.flush();
      gather();
      const form = buffers ? 'buffers' : 'text';
      const reply = owner ? sendCommand(owner, form, command, all) : commands[command][form](all);
      if (!sameSockets) return { reply: await reply, safe: true };
      const asked = node.nodes ? undefined : reached();
      const answered = await reply;
      const safe = await (asked ?? reached());
      // On another socket nothing was written yet, so a wait there says nothing.
      return { reply: answered, safe: safe && sameSockets() };
    };
    try {
      if (!isMissing) return await sendAs('evalsha', line);
    } catch (error) {
      if (!isMissingScript(error) || isOver()) throw error;
    }
    return sendAs('eval', [script.text, ...line.slice(1)]);
  };

  /**
   * The same on a Cluster: a write that replicas must have goes to the master of its slot, and only that one is asked. Whoever it
   * sends us to may have written in its place, so then the Cluster's client decides, and every master is asked.
   */
  const evaluateOnOwner: typeof evaluate = async (script, line, options, isOver, isMissing) => {
    const asks = wait !== undefined && client.nodes !== undefined && script.writes && options.fleeting !== true;
    const owner = asks ? ownerOf(client, String(line[2])) : undefined;
    try {
      return await evaluate(script, line, options, isOver, isMissing, owner);
    } catch (error) {
      if (owner === undefined || isOver() || !isElsewhere(error)) throw error;
      return evaluate(script, line, options, isOver, isMissing);
    }
  };

  /**
   * Sends the births of all other shards, so that a shard that was never used does not look like lost state. Never rejects. No
   * write waits for it, so that none is late because of it. The next command of this connection comes after it.
   */
  let spreading: Promise<unknown> | undefined;
  const spreadBirth = (now: string): void => {
    spreading ??= Promise.allSettled(
      SHARDS.map(async (shard) => sendCommand(client, 'text', 'set', [keys.birth(shard), now, 'nx'])),
    ).finally(() => {
      spreading = undefined;
    });
  };

  const accepted = (reply: unknown, resent: boolean): Answer => {
    const answer = readAnswer(reply, resent);
    time.observe(answer.now);
    if (answer.born) spreadBirth(String(answer.now));
    return answer;
  };

  /** In any case. */
  const send = (
    script: Program,
    line: readonly Argument[],
    call: CallOptions,
    options: ScriptOptions,
    failure: Failure,
    { isMissing = false, ms = commandTimeout } = {},
  ): Promise<Answer> =>
    within(
      call,
      failure,
      async (isOver, wasResent) => {
        const { reply, safe } = await evaluateOnOwner(script, line, options, isOver, isMissing);
        const answer = accepted(reply, wasResent());
        if (safe || !APPLIED.has(answer.kind)) return answer;
        const what = `a write of ${failure.key} was applied, and did not reach the durability asked for`;
        throw new OutcomeUnknownError('not-replicated', what, { store: NAME });
      },
      ms,
    );

  /**
   * The common case: nothing is waited for before the script, and nothing after it, and no signal can end the wait. One promise and
   * one timer. What the server refused for now, or does not know, goes the long way.
   */
  const sendAtOnce = (script: Program, line: readonly Argument[], options: ScriptOptions, failure: Failure): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const began = systemClock.monotonic();
      const sameSockets = watchSockets(client);
      const stop = timer(commandTimeout, () => reject(noAnswer(failure, late())));
      const answered = (reply: unknown): void => {
        stop();
        resolve(accepted(reply, failure.resent || !sameSockets()));
      };
      const failed = (error: unknown): void => {
        stop();
        const known = { ...failure, resent: failure.resent || !sameSockets() };
        const isMissing = isMissingScript(error);
        const ms = commandTimeout - (systemClock.monotonic() - began);
        if ((isMissing || isPassing(error, failure)) && ms > 0)
          resolve(send(script, line, {}, options, known, { isMissing, ms }));
        else reject(translate(error, known, cause));
      };
      batches.add({ script, line, buffers: options.buffers === true, answered, failed });
    });

  const ask = (script: Program, line: readonly Argument[], call: CallOptions, options: ScriptOptions): Promise<Answer> => {
    const { resent = false, examines = false } = options;
    const failure = { key: String(line[2]), writes: script.writes, resent, examines };
    const isCommon = call.signal === undefined && !(wait && script.writes) && session.isOpen() && !isClosed(client);
    return isCommon ? sendAtOnce(script, line, options, failure) : send(script, line, call, options, failure);
  };

  return {
    keys,
    client,
    durability: wait,
    async run(script, { path, recorded = '' }, given, call, options = {}) {
      const { each = [], isThere = scopes.mayNarrow(path) } = options;
      const named = keys.scope(path);
      const lineOf = ({ sha, keys: needed, address, arrange }: typeof script): Argument[] => {
        const line: Argument[] = [sha, needed.length];
        for (const key of needed) line.push(named[key]);
        for (const part of address) line.push(part === 'path' ? path : recorded);
        arrange(line, given, each);
        return line;
      };
      const { narrow } = script;
      const tried =
        narrow && isThere && recorded === '' && narrow.suits(given, each)
          ? await ask(narrow, lineOf(narrow), call, options)
          : undefined;
      if (tried?.kind === 'wider') scopes.needsAll(path);
      const answer =
        tried && tried.kind !== 'wider'
          ? tried
          : await ask(script, lineOf(script), call, tried?.resent === true ? { ...options, resent: true } : options);
      if (answer.kind === 'ok' && script.writes) scopes.wrote(path);
      if (answer.kind === 'foreign') throw foreignFormat(path, String(answer.rest[0]), NAME);
      return answer;
    },
    runOn(script, names, given, call, options = {}) {
      const line: Argument[] = [script.sha, names.length, ...names];
      script.arrange(line, given, []);
      return ask(script, line, call, options);
    },
    read: (node, command, args, call) => examine(call, () => sendCommand(node, 'text', command, args)),
    examine,
    now(call) {
      call.signal?.throwIfAborted();
      return time.atLeast() ?? within(call, QUESTION, async () => time.atLeast() as number);
    },
  };
}

/** @throws {@link StoreUnavailableError} */
function refuseEnded(client: RedisClient): void {
  if (!isClosed(client)) return;
  const remedy = 'give the store a new client, whose retryStrategy does not give up';
  throw unavailable(`the Redis client has ended for good, and connects to Redis no more: ${remedy}`);
}
