import { afterEach, describe, expect, test } from '@jest/globals';
import { createStateStore, InvalidValueError } from '../../../src/index.ts';
import { memoryMetastore, memoryObjectStore } from '../../../src/testing.ts';
import { interceptMetastore, recorder } from '../../support/intercept.ts';
import { refusals, wrong, type Refusal } from '../../support/refusals.ts';

/** What users get for bad input of a store's handles: one kind of error, before anything is sent. */

const sent = recorder();
const store = createStateStore({ metastore: interceptMetastore(memoryMetastore(), sent.intercept) });
const state = store.task({ flow: 'f', run: 'r', task: 't' });
const asset = store.asset({ name: 'a' });

const drain = async (all: AsyncIterable<unknown>): Promise<void> => {
  for await (const _ of all);
};

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** Every call that takes options, with these. */
const calls: [name: string, call: (options: never) => unknown][] = [
  ['get', (options) => state.get('k', options)],
  ['getEntry', (options) => state.getEntry('k', options)],
  ['getMany', (options) => state.getMany(['k'], options)],
  ['set', (options) => state.set('k', 1, options)],
  ['getStream', (options) => state.getStream('k', options)],
  ['setStream', (options) => state.setStream('k', nothing(), options)],
  ['setMany', (options) => state.setMany({ k: 1 }, options)],
  ['getOrSet', (options) => state.getOrSet('k', async () => 1, options)],
  ['update', (options) => state.update('k', () => 1, options)],
  ['delete', (options) => state.delete('k', options)],
  ['entries', (options) => drain(state.entries(options))],
  ['clear', (options) => state.clear(options)],
  ['ready', (options) => store.ready(options)],
];

describe('the state store, given', () => {
  afterEach(() => expect(sent.calls).toEqual([]));

  refusals(
    calls.flatMap(([name, call]): Refusal[] => [
      [`null for the options of ${name}()`, () => call(wrong(null)), 'options', /must be an object, received null/],
      [`5 for the options of ${name}()`, () => call(wrong(5)), 'options', /must be an object, received 5/],
      [`5 for the signal of ${name}()`, () => call(wrong({ signal: 5 })), 'signal', /must be an AbortSignal, received 5/],
      [`null for the signal of ${name}()`, () => call(wrong({ signal: null })), 'signal', /received null/],
    ]),
  );
  refusals([
    ['a misspelt retention', () => state.set('k', 1, wrong({ retenton: '1d' })), 'retenton', /not an option .*retention/],
    ['a misspelt ifVersion', () => state.set('k', 1, wrong({ ifversion: 'absent' })), 'ifversion', /not an option .*ifVersion/],
    ['ifVersion of setMany()', () => state.setMany({ k: 1 }, wrong({ ifVersion: 'absent' })), 'ifVersion', /not an option/],
    [
      'a misspelt option of setStream()',
      () => state.setStream('k', nothing(), wrong({ ifversion: 'absent' })),
      'ifversion',
      /ifVersion/,
    ],
    [
      'setStream() of bytes',
      () => state.setStream('k', wrong(new Uint8Array(1))),
      'body',
      /async iterable, of Uint8Array, received an object/,
    ],
    ['setStream() of text', () => state.setStream('k', wrong('text')), 'body', /received a text of 4 characters/],
    ['a misspelt prefix', () => drain(state.entries(wrong({ prefx: 'a' }))), 'prefx', /not an option .*prefix/],
    ['a misspelt allItems', () => state.clear(wrong({ allitems: true })), 'allitems', /not an option .*allItems/],
    ['allItems that is text', () => state.clear({ allItems: wrong('yes') }), 'allItems', /true or false, received "yes"/],
    ['allItems of an asset', () => asset.clear({ allItems: true }), 'allItems', /an asset has no items/],
    [
      'update() without a function',
      () => state.update('k', wrong(undefined)),
      'change',
      /must be a function, received undefined/,
    ],
    ['getOrSet() without a function', () => state.getOrSet('k', wrong(7)), 'create', /must be a function, received 7/],
    ['getMany() of one key', () => state.getMany(wrong('k')), 'keys', /must be an array of keys, received "k"/],
    [
      'a misspelt mapIndex',
      () => store.task(wrong({ flow: 'f', run: 'r', task: 't', mapindex: 1 })),
      'scope.mapindex',
      /mapIndex/,
    ],
    ['a misspelt uri', () => store.asset(wrong({ name: 'a', url: 's3://b/a' })), 'asset.url', /there are: name, uri/],
  ]);
});

test('what carries a signal is options enough for reading', async () => {
  await expect(asset.get('k', new AbortController())).resolves.toBeUndefined();
  await expect(asset.get('k', Object.assign(new AbortController(), { attempt: 1 }))).resolves.toBeUndefined();
});

describe('an object store in memory, given', () => {
  refusals([
    ['null for options', () => memoryObjectStore(wrong(null)), 'options', /must be an object, received null/],
    ['a misspelt alias', () => memoryObjectStore(wrong({ alais: 'a' })), 'alais', /not an option .*alias/],
  ]);
});

describe('a handle without a shape refuses, before anything is sent,', () => {
  class Money {
    amount = 1;
    format(): string {
      return `${this.amount}`;
    }
  }

  test.each([
    ['a Date', new Date(0)],
    ['a Map', new Map([['a', 1]])],
    ['a Set', new Set(['a'])],
    ['a bigint', 1n],
    ['a function', () => 1],
    ['undefined', undefined],
    ['null', null],
    ['NaN', Number.NaN],
    ['an instance with methods', new Money()],
    ['bytes within JSON', { body: new Uint8Array(1) }],
  ])('%s', async (_name, value) => {
    const before = sent.calls.length;

    await expect(state.set('k', value)).rejects.toBeInstanceOf(InvalidValueError);

    expect(sent.calls).toHaveLength(before);
  });
});
