import { describe, expect, it } from '@jest/globals';
import { ConfigError } from '../../../src/model/errors/store.ts';
import { memoryMetastore } from '../../../src/metastore/memory/store.ts';
import { memoryObjectStore } from '../../../src/object-store/memory.ts';
import { internalsOf } from '../../../src/state-store/internals.ts';
import { createStateStore } from '../../../src/state-store/create-state-store.ts';
import { resolveOptions, type StateStoreOptions } from '../../../src/state-store/options.ts';

const metastore = memoryMetastore();
const objectStore = memoryObjectStore();
const codec = { name: 'mine', encode: () => Promise.reject(new Error()), decode: () => Promise.reject(new Error()) };
const encryption = { name: 'mine', encrypt: () => Promise.reject(new Error()), decrypt: () => Promise.reject(new Error()) };
const noop = (): void => undefined;

describe('createStateStore', () => {
  it('needs a metastore and nothing else', () => {
    expect(resolveOptions({ metastore })).toMatchObject({
      namespace: 'default',
      objectStore: undefined,
      offloadThreshold: 65_536,
      maxValueBytes: 2 ** 20,
      codec: { name: 'gzip' },
      encryption: undefined,
      retention: 30 * 86_400_000,
      commandTimeout: 10_000,
      minTransferRate: 131_072,
    });
    expect(resolveOptions({ metastore, objectStore }).maxValueBytes).toBe(64 * 2 ** 20);
    expect([...resolveOptions({ metastore }).codecs.keys()]).toEqual(['gzip', 'snappy', 'brotli', 'zstd']);
  });

  it('accepts every option', () => {
    const former = memoryObjectStore({ alias: 'former' });
    const options: Required<StateStoreOptions> = {
      metastore,
      namespace: 'Billing_2.eu-1',
      objectStore,
      formerObjectStores: [former],
      offloadThreshold: 0,
      maxValueBytes: 1,
      codec,
      codecs: [codec],
      encryption,
      retention: 'forever',
      commandTimeout: '250ms',
      minTransferRate: 1_000,
      logger: console,
      onEvent: noop,
      clock: { now: Date.now, sleep: () => Promise.resolve() },
      random: Math.random,
    };

    const resolved = resolveOptions(options);

    expect(resolved).toMatchObject({ codec, encryption, retention: 'forever', commandTimeout: 250 });
    expect([...resolved.locations]).toEqual([
      ['memory', objectStore],
      ['former', former],
    ]);
    expect(resolved.codecs.get('mine')).toBe(codec);
    expect(resolveOptions({ metastore, codec: 'none' }).codec).toBeUndefined();
  });

  const bad: [string, unknown, RegExp][] = [
    ['metastore', undefined, /^metastore must come from/],
    ['metastore', {}, /^metastore must come from .*received an object/],
    ['namespace', '', /^namespace must be 1 to 64 letters.*received ""/],
    ['namespace', 'a:b', /^namespace .*received "a:b"/],
    ['namespace', '{a}', /^namespace/],
    ['namespace', '..', /^namespace/],
    ['namespace', 'a'.repeat(65), /^namespace/],
    ['namespace', 7, /^namespace .*received 7/],
    ['objectStore', 's3://bucket', /^objectStore must have the methods put, get.*received a text of 11 characters/],
    ['objectStore', { ...objectStore, alias: '' }, /^objectStore.alias must be a text/],
    ['formerObjectStores', objectStore, /^formerObjectStores must be an array/],
    ['formerObjectStores', [{}], /^formerObjectStores\[0\] must have the methods/],
    ['formerObjectStores', [objectStore, objectStore], /^formerObjectStores\[0\].alias must not be that of another.*"memory"/],
    ['offloadThreshold', -1, /^offloadThreshold must be a whole number of bytes of at least 0, received -1/],
    ['offloadThreshold', 1.5, /^offloadThreshold .*received 1.5/],
    ['offloadThreshold', '64KiB', /^offloadThreshold .*received "64KiB"/],
    ['offloadThreshold', Number.NaN, /^offloadThreshold .*received NaN/],
    ['maxValueBytes', 0, /^maxValueBytes must be a whole number of bytes of at least 1, received 0/],
    ['maxValueBytes', Number.POSITIVE_INFINITY, /^maxValueBytes .*received Infinity/],
    ['codec', 'lzma', /^codec must be a codec, or one of none, gzip, snappy, brotli, zstd, received "lzma"/],
    ['codec', { name: 'x' }, /^codec must have the methods encode, decode/],
    ['codec', { ...codec, name: 'Upper Case' }, /^codec.name must be 1 to 32 lower-case letters/],
    ['codec', { ...codec, name: 'gzip' }, /^codec.name must not be that of another codec/],
    ['codec', { ...codec, name: 'none' }, /^codec.name must not be that of another codec/],
    ['codec', { ...codec, name: 'gz' }, /^codec.name must not be what the names of objects end in for something else/],
    ['codecs', [{ ...codec, name: 'enc' }], /^codecs\[0\].name must not be what the names of objects end in/],
    ['codecs', codec, /^codecs must be an array/],
    ['codecs', [codec, { ...codec }], /^codecs\[1\].name must not be that of another codec, received "mine"/],
    ['encryption', {}, /^encryption must have the methods encrypt, decrypt/],
    ['encryption', { ...encryption, name: '' }, /^encryption.name must be/],
    ['retention', 0, /^retention must be .*received 0/],
    ['retention', -1, /^retention/],
    ['retention', '-1d', /^retention/],
    ['retention', Number.NaN, /^retention/],
    ['retention', 'never', /^retention/],
    ['commandTimeout', 0, /^commandTimeout/],
    ['commandTimeout', 'soon', /^commandTimeout .*received "soon"/],
    ['logger', { info: noop }, /^logger must have the methods debug, info, warn, error/],
    ['onEvent', 'log', /^onEvent must be a function/],
    ['clock', Date, /^clock must have the methods now, sleep/],
    ['random', 4, /^random must be a function/],
    ['offloadTreshold', 0, /^offloadTreshold is not an option/],
  ];
  it.each(bad)('C32 C45 C54 C100 refuses %s: %p when the store is made', (option, value, message) => {
    const create = (): unknown => createStateStore({ metastore, objectStore: memoryObjectStore(), [option]: value });

    expect(create).toThrow(ConfigError);
    expect(create).toThrow(message);
  });

  it('refuses a former object store of the alias of the current one', () => {
    expect(() => createStateStore({ metastore, objectStore, formerObjectStores: [memoryObjectStore()] })).toThrow(ConfigError);
  });

  it('refuses to be called without options', () => {
    expect(() => createStateStore(undefined as never)).toThrow(ConfigError);
  });

  it('logs a failure of the listener of events', async () => {
    const messages: string[] = [];
    const say = (_fields: object, message: string): void => void messages.push(message);
    const logger = { debug: say, info: say, warn: say, error: say };
    for (const onEvent of [
      () => {
        throw new Error('listener');
      },
      () => Promise.reject(new Error('listener')) as unknown as void,
    ]) {
      const store = createStateStore({
        metastore: memoryMetastore(),
        objectStore: memoryObjectStore(),
        offloadThreshold: 0,
        logger,
        onEvent,
      });
      await store.task({ flow: 'f', run: 'r', task: 't' }).set('k', 1);
    }

    await Promise.resolve();

    expect(messages).toEqual(['onEvent threw', 'onEvent threw']);
  });

  it('is no store for those who made one themselves', () => {
    expect(() => internalsOf({} as never)).toThrow(ConfigError);
  });
});
