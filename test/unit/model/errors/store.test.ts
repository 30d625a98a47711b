import { describe, expect, it } from '@jest/globals';
import { runInNewContext } from 'node:vm';
import * as errors from '../../../../src/model/errors/store.ts';
import type { AnyMooringError } from '../../../../src/model/errors/store.ts';
import type { Version } from '../../../../src/format/write-id.ts';

const SCOPE = { flow: 'films', run: '1', task: 'transcode', mapIndex: 0 };
const WHERE = { scope: SCOPE, key: 'k', store: 'redis', cause: new Error('why') };
const SECRET = `redis://user:${'hunter2'.repeat(20)}@host`;

/** One of each, and whether the same call may succeed later. */
const ONE_OF_EACH: readonly [string, AnyMooringError, boolean][] = [
  ['mooring.config', new errors.ConfigError('retention', 'must be above 0', -1), false],
  ['mooring.invalid-key', new errors.InvalidKeyError('the key', 'must not be empty', ''), false],
  ['mooring.invalid-value', new errors.InvalidValueError('$.at', 'is a Date', WHERE), false],
  ['mooring.value-too-large', new errors.ValueTooLargeError(9, 8, 'split it', WHERE), false],
  ['mooring.version-conflict', new errors.VersionConflictError('x' as Version, WHERE), true],
  ['mooring.stale-attempt', new errors.StaleAttemptError('a newer one began', WHERE), true],
  ['mooring.missing-object', new errors.MissingObjectError('a/b', WHERE), false],
  ['mooring.unknown-location', new errors.UnknownLocationError('s3:old', ['s3:new'], WHERE), false],
  ['mooring.corrupt-entry', new errors.CorruptEntryError('it is damaged', WHERE), false],
  ['mooring.codec-unavailable', new errors.CodecUnavailableError('zstd', 'it needs another runtime', WHERE), false],
  ['mooring.state-lost', new errors.StateLostError('a shard has no birth', WHERE), false],
  ['mooring.store-unavailable', new errors.StoreUnavailableError('no answer', WHERE), true],
  ['mooring.outcome-unknown', new errors.OutcomeUnknownError('no-answer', 'no answer', WHERE), true],
  ['mooring.already-submitted', new errors.AlreadySubmittedError('j1', WHERE), true],
  [
    'mooring.ambiguous-submit',
    new errors.AmbiguousSubmitError({ idempotencyKey: 'm1', submission: 2, since: new Date(0) }, WHERE),
    false,
  ],
  [
    'mooring.external-job-failed',
    new errors.ExternalJobFailedError({ externalId: 'j1', submission: 1, reason: 'no disk', retryable: true }, WHERE),
    true,
  ],
  ['mooring.external-job-missing', new errors.ExternalJobMissingError('j1', false, WHERE), false],
  ['mooring.external-job-unknown', new errors.ExternalJobUnknownError('j1', 'it said PAUSED', WHERE), true],
  ['mooring.input-changed', new errors.InputChangedError(null, WHERE), false],
  ['mooring.not-submitted', new errors.NotSubmittedError('429', { retryAfter: '30s' }), true],
];

describe('C100 an error', () => {
  it.each(ONE_OF_EACH)('%s has its code, its name and its advice', (code, error, retryable) => {
    expect(error).toBeInstanceOf(errors.MooringError);
    expect(error).toMatchObject({ code, retryable, name: error.constructor.name });
    expect(Object.keys(errors)).toContain(error.name);
    expect(errors.isMooringError(error)).toBe(true);
  });

  it('has a code of its own', () => {
    expect(new Set(ONE_OF_EACH.map(([code]) => code)).size).toBe(ONE_OF_EACH.length);
  });

  it('is in the list of the errors of this test', () => {
    const classes = Object.values(errors).filter(
      (value) => typeof value === 'function' && /^class .* extends MooringError/.test(String(value)),
    );
    expect(new Set(ONE_OF_EACH.map(([, { constructor }]) => constructor))).toEqual(new Set(classes));
  });

  it('says where it happened, in its text as in its fields', () => {
    const error = new errors.CorruptEntryError('it is damaged', WHERE);

    expect(error.message).toBe('it is damaged [scope=films/1/transcode/0, key="k", store=redis]');
    expect(error).toMatchObject(WHERE);
  });

  it('of an ambiguous submit has the commands that answer it', () => {
    const submission = { idempotencyKey: 'm1', submission: 2, since: new Date(0) };

    const error = new errors.AmbiguousSubmitError({ ...submission, address: '--retry films/1/transcode' });

    expect(error.message).toBe(
      'submission 2 (idempotency key m1) may or may not have reached the external system; look there, then run ' +
        '`mooring adopt --retry films/1/transcode ID` if it is there, or `mooring not-submitted --retry films/1/transcode` if it is not',
    );
    expect(new errors.AmbiguousSubmitError(submission).message).toContain('with jobRecords()');
  });

  it('without a cause has none', () => {
    expect(new errors.CorruptEntryError('it is damaged')).not.toHaveProperty('cause');
  });

  it.each([
    [{ flow: 'f', run: 'r', task: 't' }, 'f/r/t'],
    [{ flow: 'f', run: 'r', task: 't', itemKey: 'a' }, 'f/r/t/a'],
    [{ name: 'a' }, 'asset:a'],
    [{ uri: 'u' }, 'asset:u'],
  ])('names the scope %j as %s', (scope, text) => {
    expect(errors.describeScope(scope)).toBe(text);
  });

  it.each([
    [undefined, 'undefined'],
    [null, 'null'],
    [7n, '7n'],
    [() => 1, 'a function'],
    [[1, 2], 'an array'],
    [{ password: SECRET }, 'an object'],
    ['short', '"short"'],
    [Number.NaN, 'NaN'],
    [Symbol('s'), 'Symbol(s)'],
  ])('shows of a wrong option %p only %s', (value, shown) => {
    expect(new errors.ConfigError('codec', 'must be known', value).message).toBe(`codec must be known, received ${shown}`);
  });

  it('shows no more of a long text than tells what it was', () => {
    for (const error of [
      new errors.ConfigError('url', 'is wrong', SECRET),
      new errors.InvalidKeyError('the key', 'is wrong', SECRET),
    ]) {
      expect(error.message.length).toBeLessThan(80);
      expect(JSON.stringify(Object.entries(error))).not.toContain('hunter2');
    }
  });

  it('located later tells whose state it was, once', () => {
    const error = new errors.CorruptEntryError('it is damaged', { store: 'redis' });

    expect(errors.located(error, { scope: SCOPE, key: 'k' })).toBe(error);
    errors.located(error, { scope: { name: 'other' }, key: 'other' });
    expect(error).toMatchObject({ scope: SCOPE, key: 'k', store: 'redis' });
    expect(error.message).toMatch(/scope=films\/1\/transcode\/0, key="k"\]$/);
    const other = new TypeError('x');
    expect(errors.located(other, { scope: SCOPE })).toBe(other);
    expect(other).not.toHaveProperty('scope');
  });
});

describe('isMooringError', () => {
  it('holds for an error of another copy of the library', async () => {
    const other = '../../../../src/model/errors/store.ts?copy';
    const copy = (await import(other)) as typeof errors;
    const error = new copy.StaleAttemptError('a newer one began');

    expect(copy.StaleAttemptError).not.toBe(errors.StaleAttemptError);
    expect(error).not.toBeInstanceOf(errors.StaleAttemptError);
    expect(errors.isMooringError(error)).toBe(true);
    expect(copy.isMooringError(new errors.StaleAttemptError('a newer one began'))).toBe(true);
  });

  it('holds for an error of another realm', () => {
    const error: unknown = runInNewContext(`
      const brand = Symbol.for('mooring.error');
      class Foreign extends Error { static { Object.defineProperty(this.prototype, brand, { value: true }); } }
      new Foreign('x');
    `);

    expect(error).not.toBeInstanceOf(Error);
    expect(errors.isMooringError(error)).toBe(true);
  });

  it.each([
    [new Error('mooring.stale-attempt')],
    [{ code: 'mooring.stale-attempt' }],
    [null],
    [undefined],
    ['mooring'],
    [7],
    [() => 1],
  ])('does not hold for %p', (value) => {
    expect(errors.isMooringError(value)).toBe(false);
  });

  it('cannot be had by text from outside: JSON carries no brand', () => {
    expect(errors.isMooringError(JSON.parse(JSON.stringify(new errors.StaleAttemptError('x'))))).toBe(false);
  });
});
