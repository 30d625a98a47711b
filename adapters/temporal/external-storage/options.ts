import { anything, builtInCodecs, bytesFrom, callable, checkOptions, ConfigError, duration } from '../../../src/adapter-kit.ts';
import { methods, milliseconds, MIN_TRANSFER_RATE, oneOf, rule, systemClock, text } from '../../../src/adapter-kit.ts';
import type { Checks, Clock, Codec, Duration, Logger, ObjectStore, Retention } from '../../../src/adapter-kit.ts';
import type { RetentionDays } from './keys.ts';
import type { Transfer } from './transfer.ts';

/** Options of `externalStorageDriver()`. The object store stays yours to close. */
export interface ExternalStorageOptions {
  /** Where payloads go: `s3ObjectStore()`, `gcsObjectStore()`, `fileObjectStore()`. */
  objectStore: ObjectStore;
  /**
   * Object stores that payloads were written to earlier: still read, never written.
   * @defaultValue `[]`
   */
  formerObjectStores?: readonly ObjectStore[];
  /**
   * The name of this driver in the references of histories. Every client and worker that reads them must have a driver of this
   * name.
   * @defaultValue `'mooring'`; with `keys: 'temporal-v0'` that of the published driver, `'aws.s3driver'`
   */
  name?: string;
  /**
   * The form of keys, bytes and references. `'temporal-v0'` is the published one, which Temporal's own drivers for S3 read in any
   * SDK. It has no compression and no class of retention.
   * @defaultValue `'mooring'`
   */
  keys?: 'mooring' | 'temporal-v0';
  /** The name of the bucket, which references hold; only with `keys: 'temporal-v0'`. The object store must have no prefix. */
  bucket?: string;
  /**
   * How payloads are compressed, if it pays. Payloads of the encoding `binary/encrypted` never are.
   * @defaultValue `'gzip'`; `'none'` with `keys: 'temporal-v0'`
   */
  codec?: 'none' | 'gzip' | 'snappy' | 'brotli' | 'zstd' | Codec;
  /**
   * The class of retention, in whole days. It is part of the keys, for a lifecycle rule of the bucket, and is passed to stores
   * that have a field for it. It must be longer than the longest run and the namespace's retention together. Nothing is deleted
   * by this driver.
   * @defaultValue `'forever'`
   */
  retention?: Retention;
  /**
   * What becomes of a payload that the object store does not take, after all tries. `'inline'`: up to 1.25 MiB after compression
   * it stays in the message to the server, as without external storage; a larger one fails. `'fail'`: the call fails. The SDK
   * then tries a task again, but for a heartbeat it ends the whole worker.
   * @defaultValue `'inline'`; `'fail'` with `keys: 'temporal-v0'`, since drivers of other languages cannot read what is inline
   */
  whenUnavailable?: 'inline' | 'fail';
  /**
   * The largest payload that is stored or retrieved, in bytes before compression.
   * @defaultValue 50 MiB, as in the published drivers
   */
  maxPayloadBytes?: number;
  /**
   * Bytes of payloads that are kept in memory, so that a payload that was just stored or retrieved is not fetched again. 0: none.
   * @defaultValue 32 MiB
   */
  cacheBytes?: number;
  /**
   * The longest that one call of the object store may take, apart from the time for the payload's bytes.
   * @defaultValue `'4s'`
   */
  callTimeout?: Duration;
  /**
   * The longest that all tries for one payload may take, apart from the time for its bytes. It is below Temporal's limit for a
   * workflow task, of 10 s by default. A payload that may stay inline has this time alone.
   * @defaultValue `'8s'`
   */
  timeout?: Duration;
  /**
   * The slowest line that is waited for, in bytes a second: a payload gets the time that its bytes need at this rate.
   * @defaultValue 131,072, which is 1 Mbit/s
   */
  minTransferRate?: number;
  /**
   * Gets warnings about payloads that stayed inline.
   * @defaultValue none
   */
  logger?: Logger;
  /** @defaultValue the system's */
  clock?: Clock;
  /**
   * Draws a number of at least 0 and below 1, for the waits between tries.
   * @defaultValue `Math.random`
   */
  random?: () => number;
}

/** The options, complete and checked. */
export interface ResolvedDriver extends Transfer {
  name: string;
  objectStore: ObjectStore;
  /** By alias: the one that is written to, and former ones. */
  stores: ReadonlyMap<string, ObjectStore>;
  /** The bucket of the published form; `undefined`: this library's form. */
  bucket: string | undefined;
  codec: Codec | undefined;
  codecs: ReadonlyMap<string, Codec>;
  retention: RetentionDays;
  inline: boolean;
  maxPayloadBytes: number;
  cacheBytes: number;
  logger: Logger | undefined;
}

const CHECKS: Checks<ExternalStorageOptions> = {
  objectStore: methods('put', 'get'),
  formerObjectStores: rule('must be an array of object stores', Array.isArray),
  name: text,
  keys: oneOf('mooring', 'temporal-v0'),
  bucket: anything,
  codec: anything,
  retention: anything,
  whenUnavailable: oneOf('inline', 'fail'),
  maxPayloadBytes: bytesFrom(1),
  cacheBytes: bytesFrom(0),
  callTimeout: duration,
  timeout: duration,
  minTransferRate: bytesFrom(1),
  logger: methods('debug', 'info', 'warn', 'error'),
  clock: methods('now', 'sleep'),
  random: callable,
};
const MEBIBYTE = 2 ** 20;
const DAY = 86_400_000;

/**
 * Checks every option and fills in defaults.
 *
 * @throws {@link ConfigError} that names the option.
 */
export function resolveDriver(options: ExternalStorageOptions): ResolvedDriver {
  checkOptions('options', options, CHECKS, ['objectStore']);
  const { objectStore, keys, whenUnavailable, logger, clock = systemClock, random = Math.random } = options;
  const published = keys === 'temporal-v0';
  const { name = published ? 'aws.s3driver' : 'mooring' } = options;
  return {
    name,
    objectStore,
    stores: storesOf(objectStore, options.formerObjectStores ?? []),
    bucket: bucketOf(options, published),
    ...codecsOf(options.codec ?? (published ? 'none' : 'gzip')),
    retention: daysOf(options.retention ?? 'forever'),
    inline: (whenUnavailable ?? (published ? 'fail' : 'inline')) === 'inline',
    maxPayloadBytes: options.maxPayloadBytes ?? 50 * MEBIBYTE,
    cacheBytes: options.cacheBytes ?? 32 * MEBIBYTE,
    callTimeout: milliseconds(options.callTimeout ?? '4s', 'callTimeout'),
    timeout: milliseconds(options.timeout ?? '8s', 'timeout'),
    minTransferRate: options.minTransferRate ?? MIN_TRANSFER_RATE,
    logger,
    clock,
    random,
  };
}

/** Options that the published form cannot hold are refused: they would silently do nothing. */
function bucketOf({ bucket, codec, retention }: ExternalStorageOptions, published: boolean): string | undefined {
  if (!published) {
    if (bucket !== undefined) throw new ConfigError('bucket', "goes with keys: 'temporal-v0' only", bucket);
    return undefined;
  }
  if (typeof bucket !== 'string' || bucket === '')
    throw new ConfigError('bucket', "must be given with keys: 'temporal-v0'", bucket);
  if (codec !== undefined && codec !== 'none') throw new ConfigError('codec', "must be 'none' with keys: 'temporal-v0'");
  if (retention !== undefined && retention !== 'forever') {
    throw new ConfigError('retention', "must be 'forever' with keys: 'temporal-v0', whose keys have no place for it", retention);
  }
  return bucket;
}

function storesOf(current: ObjectStore, former: readonly ObjectStore[]): ReadonlyMap<string, ObjectStore> {
  const byAlias = new Map<string, ObjectStore>();
  for (const [index, store] of [current, ...former].entries()) {
    const option = index === 0 ? 'objectStore' : `formerObjectStores[${index - 1}]`;
    methods('put', 'get')(store, option);
    if (byAlias.has(store.alias)) throw new ConfigError(option, 'must not have the alias of another object store', store.alias);
    byAlias.set(store.alias, store);
  }
  return byAlias;
}

function codecsOf(given: string | Codec): Pick<ResolvedDriver, 'codec' | 'codecs'> {
  const builtIn = builtInCodecs();
  const codecs = new Map<string, Codec>(builtIn.map((codec) => [codec.name, codec]));
  if (typeof given === 'object' && given !== null) {
    methods('encode', 'decode')(given, 'codec');
    if (typeof given.name !== 'string' || !/^[a-z0-9-]{1,32}$/.test(given.name)) {
      throw new ConfigError('codec.name', 'must be 1 to 32 lower-case letters, digits or -', given.name);
    }
    if (given.name === 'none' || codecs.has(given.name)) {
      throw new ConfigError('codec.name', 'must not be that of another codec', given.name);
    }
    return { codec: given, codecs: codecs.set(given.name, given) };
  }
  if (given === 'none') return { codec: undefined, codecs };
  const found = builtIn.find(({ name }) => name === given);
  if (!found) throw new ConfigError('codec', `must be a codec, or one of none, ${[...codecs.keys()].join(', ')}`, given);
  if (found.unavailable !== undefined) throw new ConfigError('codec', `cannot be this one: ${found.unavailable}`, given);
  return { codec: found, codecs };
}

/** Lifecycle rules of buckets count in days. */
function daysOf(retention: Retention): RetentionDays {
  if (retention === 'forever') return retention;
  const days = milliseconds(retention, 'retention') / DAY;
  if (!Number.isInteger(days)) throw new ConfigError('retention', "must be whole days, or 'forever'", retention);
  return days;
}
