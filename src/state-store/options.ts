import { systemClock, type Clock } from '../async/clock.ts';
import type { BuiltInCodec, Codec, Encryption } from '../codec/codec.ts';
import { builtInCodecs } from '../codec/registry.ts';
import { milliseconds, type Duration } from '../model/duration.ts';
import { ConfigError } from '../model/errors/store.ts';
import type { StateEvent } from '../observe/events.ts';
import { guardedLogger } from '../observe/guarded-logger.ts';
import type { Logger } from '../observe/logger.ts';
import type { Metastore } from '../metastore/metastore.ts';
import { isReservedCodecName } from '../format/object-name.ts';
import type { ObjectStore } from '../object-store/object-store.ts';
import {
  anything,
  bytesFrom,
  callable,
  checkOptions,
  duration,
  methods,
  retention,
  rule,
  text,
  type Checks,
} from '../model/checks.ts';
import { systemRandom, type Random } from '../async/random.ts';
import { MIN_TRANSFER_RATE } from '../async/transfer.ts';
import { retentionMs, type Retention, type RetentionMs } from '../model/retention.ts';

/** Options of `createStateStore()`. Ready clients go in, inside the stores; they stay yours to close. */
export interface StateStoreOptions {
  /** Where fences, entries and small values are kept: `redisMetastore()`, or `memoryMetastore()` in tests. */
  metastore: Metastore;
  /**
   * Keeps the state of several systems apart. It is part of every Redis key, object name and idempotency key. 1 to 64 letters,
   * digits and `_ . -`.
   * @defaultValue `'default'`
   */
  namespace?: string;
  /**
   * Where large values go.
   * @defaultValue none: all values stay in the metastore
   */
  objectStore?: ObjectStore;
  /**
   * Object stores that values were written to earlier: still read, never written.
   * @defaultValue `[]`
   */
  formerObjectStores?: readonly ObjectStore[];
  /**
   * The size in bytes, as JSON or of a `Uint8Array`, from which on a value goes to the object store. 0: every value.
   * @defaultValue 65,536
   */
  offloadThreshold?: number;
  /**
   * The largest value that is accepted, in bytes before compression.
   * @defaultValue 64 MiB; 1 MiB without an object store
   */
  maxValueBytes?: number;
  /**
   * How values in the object store are compressed.
   * @defaultValue `'gzip'`
   */
  codec?: 'none' | 'gzip' | 'snappy' | 'brotli' | 'zstd' | Codec;
  /**
   * Codecs of your own that values were written with earlier.
   * @defaultValue `[]`
   */
  codecs?: readonly Codec[];
  /**
   * Encrypts values in the object store. Values in the metastore are not encrypted: with `offloadThreshold: 0` there are none.
   * @defaultValue none
   */
  encryption?: Encryption;
  /**
   * How long the state of a task is kept after each write. Asset state does not expire unless its write says so.
   * @defaultValue `'30d'`
   */
  retention?: Retention;
  /**
   * The longest that one call of a store may take, apart from the time for the bytes of a value in the object store.
   * @defaultValue `'10s'`
   */
  commandTimeout?: Duration;
  /**
   * The slowest line that is waited for, in bytes a second. A call that moves bytes of a value into or out of the object store
   * gets the time that they need at this rate, in addition to `commandTimeout`.
   * @defaultValue 131,072, which is 1 Mbit/s
   */
  minTransferRate?: number;
  /**
   * The console, pino, or what has their four methods.
   * @defaultValue none
   */
  logger?: Logger;
  /**
   * Is called with each event; must not throw.
   * @defaultValue none
   */
  onEvent?: (event: StateEvent) => void;
  /** @defaultValue the system's */
  clock?: Clock;
  /**
   * Draws a number of at least 0 and below 1. Two processes must never draw the same.
   * @defaultValue the system's
   */
  random?: () => number;
}

/** The options, complete and checked. */
export interface ResolvedOptions {
  readonly metastore: Metastore;
  readonly namespace: string;
  readonly objectStore: ObjectStore | undefined;
  /** By alias, the current one included. */
  readonly locations: ReadonlyMap<string, ObjectStore>;
  /** Bytes; a value of this size or more is offloaded. */
  readonly offloadThreshold: number;
  readonly maxValueBytes: number;
  /** `undefined`: values are not encrypted. */
  readonly codec: Codec | undefined;
  /** By name: every codec that a stored value may need. */
  readonly codecs: ReadonlyMap<string, BuiltInCodec>;
  readonly encryption: Encryption | undefined;
  readonly retention: RetentionMs;
  /** Milliseconds. */
  readonly commandTimeout: number;
  /** Bytes in a second. */
  readonly minTransferRate: number;
  readonly logger: Logger | undefined;
  readonly onEvent: ((event: StateEvent) => void) | undefined;
  readonly clock: Clock;
  readonly random: Random;
}

const MEBIBYTE = 2 ** 20;
const NAMESPACE = /^[A-Za-z0-9_-][A-Za-z0-9_.-]{0,63}$/;
const NAME = /^[a-z0-9-]{1,32}$/;
const OBJECT_STORE = ['put', 'get', 'getStream', 'delete', 'list'] as const;
const NAMESPACE_RULE = 'must be 1 to 64 letters, digits, _, . or -, and not begin with a dot';
/** The rules of single options. */
export const STORE_OPTIONS: Checks<StateStoreOptions> = {
  metastore: anything,
  namespace: rule(NAMESPACE_RULE, (namespace) => typeof namespace === 'string' && NAMESPACE.test(namespace)),
  objectStore: anything,
  formerObjectStores: anything,
  offloadThreshold: bytesFrom(0),
  maxValueBytes: bytesFrom(1),
  codec: anything,
  codecs: anything,
  encryption: methods('encrypt', 'decrypt'),
  retention,
  commandTimeout: duration,
  minTransferRate: bytesFrom(1),
  logger: methods('debug', 'info', 'warn', 'error'),
  onEvent: callable,
  clock: methods('now', 'sleep'),
  random: callable,
};

/**
 * Checks every option and fills in defaults.
 *
 * @throws {@link ConfigError} that names the option, the rule and what was received.
 */
export function resolveOptions(options: StateStoreOptions): ResolvedOptions {
  checkOptions('options', options, STORE_OPTIONS);
  const { namespace = 'default', objectStore, encryption, logger, onEvent, clock = systemClock, random = systemRandom } = options;
  if (encryption !== undefined) requireName('encryption.name', encryption.name);
  return {
    metastore: options.metastore,
    namespace,
    objectStore,
    locations: locations(objectStore, options.formerObjectStores ?? []),
    offloadThreshold: options.offloadThreshold ?? 65_536,
    maxValueBytes: options.maxValueBytes ?? (objectStore ? 64 : 1) * MEBIBYTE,
    ...codecs(options.codec ?? 'gzip', options.codecs ?? []),
    encryption,
    retention: retentionMs(options.retention ?? '30d', 'retention'),
    commandTimeout: milliseconds(options.commandTimeout ?? '10s', 'commandTimeout'),
    minTransferRate: options.minTransferRate ?? MIN_TRANSFER_RATE,
    logger: logger && guardedLogger(logger),
    onEvent,
    clock,
    random,
  };
}

function locations(current: ObjectStore | undefined, former: readonly ObjectStore[]): ReadonlyMap<string, ObjectStore> {
  if (!Array.isArray(former)) throw new ConfigError('formerObjectStores', 'must be an array of object stores', former);
  const byAlias = new Map<string, ObjectStore>();
  const add = (option: string, store: ObjectStore): void => {
    methods(...OBJECT_STORE)(store, option);
    text(store.alias, `${option}.alias`);
    if (byAlias.has(store.alias))
      throw new ConfigError(`${option}.alias`, 'must not be that of another object store', store.alias);
    byAlias.set(store.alias, store);
  };
  if (current !== undefined) add('objectStore', current);
  for (const [index, store] of former.entries()) add(`formerObjectStores[${index}]`, store);
  return byAlias;
}

function codecs(codec: string | Codec, others: readonly Codec[]): Pick<ResolvedOptions, 'codec' | 'codecs'> {
  if (!Array.isArray(others)) throw new ConfigError('codecs', 'must be an array of codecs', others);
  const builtIn = new Map(builtInCodecs().map((known) => [known.name, known]));
  const byName = new Map<string, Codec>(builtIn);
  const add = (option: string, own: Codec): void => {
    methods('encode', 'decode')(own, option);
    requireName(`${option}.name`, own.name);
    if (own.name === 'none' || byName.has(own.name))
      throw new ConfigError(`${option}.name`, 'must not be that of another codec', own.name);
    if (isReservedCodecName(own.name)) {
      throw new ConfigError(`${option}.name`, 'must not be what the names of objects end in for something else', own.name);
    }
    byName.set(own.name, own);
  };
  for (const [index, own] of others.entries()) add(`codecs[${index}]`, own as Codec);
  if (typeof codec === 'object' && codec !== null) {
    if (others.every((own) => own !== codec)) add('codec', codec);
    return { codec, codecs: byName };
  }
  if (codec === 'none') return { codec: undefined, codecs: byName };
  const found = builtIn.get(codec);
  if (!found) throw new ConfigError('codec', `must be a codec, or one of none, ${[...builtIn.keys()].join(', ')}`, codec);
  if (found.unavailable !== undefined) throw new ConfigError('codec', `cannot be this one: ${found.unavailable}`, codec);
  return { codec: found, codecs: byName };
}

function requireName(option: string, name: unknown): void {
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw new ConfigError(option, 'must be 1 to 32 lower-case letters, digits or -', name);
  }
}
