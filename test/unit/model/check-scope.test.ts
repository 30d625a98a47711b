import { describe, expect, it } from '@jest/globals';
import { ConfigError, InvalidKeyError } from '../../../src/model/errors/store.ts';
import { assetScope, taskScope } from '../../../src/model/check-scope.ts';
import type { AssetScope, TaskScope } from '../../../src/model/scope.ts';

const TASK = { flow: 'films', run: '1', task: 'transcode' };

describe('a task scope', () => {
  it.each([[TASK], [{ ...TASK, mapIndex: 0 }], [{ ...TASK, itemKey: 'a' }]])('is a copy of %j', (scope) => {
    const copy = taskScope(scope);

    expect(copy).toStrictEqual(scope);
    expect(copy).not.toBe(scope);
  });

  it('refuses the attempt: every attempt of a task sees the same state', () => {
    expect(() => taskScope(Object.assign({ attempt: 3 }, TASK))).toThrow(
      /^scope.attempt is not an option \(there are: flow, run/,
    );
  });

  it.each<[string, unknown, RegExp]>([
    ['a missing flow', { run: '1', task: 't' }, /^the scope's flow must be a string, received undefined/],
    ['an empty run', { ...TASK, run: '' }, /^the scope's run must not be empty/],
    ['a run that is a number', { ...TASK, run: 7 }, /^the scope's run must be a string, received 7/],
    ['a task that leads up', { ...TASK, task: '..' }, /^the scope's task must not be/],
    ['a task that is not well-formed', { ...TASK, task: '\ud800' }, /lone surrogate/],
    ['an empty item key', { ...TASK, itemKey: '' }, /^the scope's itemKey must not be empty/],
    ['a negative index', { ...TASK, mapIndex: -1 }, /^the scope's mapIndex must be a whole number/],
    ['half an index', { ...TASK, mapIndex: 0.5 }, /^the scope's mapIndex/],
    ['an index that is text', { ...TASK, mapIndex: '0' }, /^the scope's mapIndex/],
    ['an index that is NaN', { ...TASK, mapIndex: Number.NaN }, /^the scope's mapIndex/],
  ])('C5 C6 refuses %s', (_name, scope, message) => {
    expect(() => taskScope(scope as TaskScope)).toThrow(InvalidKeyError);
    expect(() => taskScope(scope as TaskScope)).toThrow(message);
  });

  it('refuses an index together with an item key', () => {
    expect(() => taskScope({ ...TASK, mapIndex: 0, itemKey: 'a' } as unknown as TaskScope)).toThrow(ConfigError);
  });

  it('refuses what is no object', () => {
    for (const scope of [null, undefined, 'films', 7]) expect(() => taskScope(scope as never)).toThrow(ConfigError);
  });
});

describe('an asset scope', () => {
  it.each([{ name: 'a' }, { uri: 's3://b/a' }] satisfies AssetScope[])('is a copy of %j', (scope) => {
    const copy = assetScope(scope);

    expect(copy).toStrictEqual(scope);
    expect(copy).not.toBe(scope);
  });

  it('C76 refuses to have neither a name nor a URI', () => {
    for (const scope of [{}, { name: undefined }, null, 'a']) expect(() => assetScope(scope as AssetScope)).toThrow(ConfigError);
  });

  it('C77 refuses to have both', () => {
    const both = { name: 'a', uri: 's3://b/a' } as unknown as AssetScope;

    expect(() => assetScope(both)).toThrow(ConfigError);
    expect(() => assetScope(both)).toThrow(/^asset may have a name or a uri, not both/);
  });

  it.each<[unknown, RegExp]>([
    [{ name: '' }, /^the asset's name/],
    [{ uri: '..' }, /^the asset's uri/],
    [{ name: 7 }, /^the asset's name/],
    [{ uri: null }, /^the asset's uri/],
  ])('C5 C6 refuses %j', (scope, message) => {
    expect(() => assetScope(scope as AssetScope)).toThrow(InvalidKeyError);
    expect(() => assetScope(scope as AssetScope)).toThrow(message);
  });
});
