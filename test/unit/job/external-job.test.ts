import { describe, expect, test } from '@jest/globals';
import { externalJob, InvalidKeyError, type ExternalJob } from '../../../src/index.ts';
import { jobOptions } from '../../../src/job/options.ts';
import { fakeClock, memoryStateStore, testTask } from '../../../src/testing.ts';

const good: ExternalJob<string, string, undefined> = {
  submit: async () => 'id',
  getStatus: async () => ({ state: 'succeeded' }),
};

const find = (): Promise<string> => Promise.resolve('x');

describe('externalJob()', () => {
  test('gives back what it got', () => {
    expect(externalJob(good)).toBe(good);
  });

  test('has the defaults of the documentation', () => {
    expect(jobOptions(good)).toEqual({
      externalIdKey: 'external_job_id',
      name: undefined,
      recordName: 'external_job_id',
      idempotentFor: undefined,
      findable: false,
      findLag: 10_000,
      findableFor: Infinity,
      remembersFor: Infinity,
      rememberResult: true,
      onInputChange: 'fail',
      onMissing: 'fail',
      missingGrace: 60_000,
      unknownFor: 900_000,
      giveUpAfter: Infinity,
      submitTimeout: 60_000,
      callTimeout: 30_000,
      pollInterval: { from: 1_000, to: 30_000 },
    });
    expect(jobOptions({ ...good, pollInterval: '5s', idempotentFor: 'until-deleted' })).toMatchObject({
      pollInterval: { from: 5_000, to: 5_000 },
      idempotentFor: Infinity,
    });
  });

  test.each([
    ['until somebody deletes the job', { idempotentFor: 'until-deleted' }, { idempotentFor: Infinity }],
    [
      'until the external system deletes it',
      { idempotentFor: 'until-deleted', remembersFor: '1h' },
      { idempotentFor: 3_600_000 },
    ],
    ['from the end of the job', { idempotentFor: { afterEnd: '500s' } }, { idempotentFor: 500_000 }],
    ['in a search as long as the job is kept', { find, remembersFor: '5m' }, { findableFor: 300_000 }],
    ['at once', { find, findLag: 0, missingGrace: '0s' }, { findLag: 0, missingGrace: 0 }],
  ] as const)('remembered %s', (_name, facts, options) => {
    expect(jobOptions({ ...good, ...facts })).toMatchObject(options);
  });

  test.each([
    ['findableFor', { findableFor: '5m' }, 'needs find, received "5m"'],
    ['findableFor', { find, findableFor: '1m' }, 'findLag together (70000 ms)'],
    ['remembersFor', { idempotentFor: '24h', remembersFor: '1h' }, 'idempotentFor ("24h")'],
    ['remembersFor', { idempotentFor: { afterEnd: '2h' }, remembersFor: '1h' }, 'idempotentFor ({ afterEnd: "2h" })'],
    ['remembersFor', { remembersFor: '30s' }, 'pollInterval (30000 ms)'],
    ['giveUpAfter', { giveUpAfter: '2h' }, 'needs cancel'],
    ['giveUpAfter', { giveUpAfter: '30s', cancel: async () => undefined }, 'submitTimeout (60000 ms), received "30s"'],
    ['idempotentFor', { idempotentFor: 'forever' as never }, "'until-deleted'"],
    ['idempotentFor', { idempotentFor: { afterEnd: '5m', more: 1 } as never }, "'until-deleted'"],
    ['findableFor', { find, findableFor: null as never }, "'until-deleted'"],
    ['findLag', { find, findLag: -1 }, 'must be 0 or a length of time'],
  ] as const)('%s that contradicts or cannot be is refused, with both values', (option, facts, text) => {
    const make = (): unknown => externalJob({ ...good, ...facts });

    expect(make).toThrow(expect.objectContaining({ option, message: expect.stringContaining(text) }));
  });

  test.each([
    ['externalJob', 5],
    ['submit', { ...good, submit: undefined }],
    ['getStatus', { ...good, getStatus: 'x' }],
    ['find', { ...good, find: 'x' }],
    ['getResult', { ...good, getResult: 1 }],
    ['cancel', { ...good, cancel: {} }],
    ['fingerprint', { ...good, fingerprint: 'x' }],
    ['idempotentFor', { ...good, idempotentFor: true }],
    ['idempotentFor', { ...good, idempotentFor: 0 }],
    ['findLag', { ...good, findLag: '10' }],
    ['onInputChange', { ...good, onInputChange: 'ignore' }],
    ['onMissing', { ...good, onMissing: 'default' }],
    ['missingGrace', { ...good, missingGrace: -1 }],
    ['submitTimeout', { ...good, submitTimeout: Infinity }],
    ['callTimeout', { ...good, callTimeout: '1y' }],
    ['pollInterval', { ...good, pollInterval: 'often' }],
    ['pollInterval.from', { ...good, pollInterval: { from: 0, to: 1 } }],
    ['pollInterval.to', { ...good, pollInterval: { from: '10s', to: '1s' } }],
    ['rememberResult', { ...good, rememberResult: 'no' }],
  ])('refuses a bad %s at once', (option, job) => {
    expect(() => externalJob(job as never)).toThrow(expect.objectContaining({ code: 'mooring.config', option }));
  });

  test('refuses a key that cannot be a path segment', () => {
    for (const externalIdKey of ['', '..', '\ud800'])
      expect(() => externalJob({ ...good, externalIdKey })).toThrow(InvalidKeyError);
  });

  test('a class that implements it keeps its `this`', async () => {
    class Grid implements ExternalJob<string, number, string> {
      readonly prefix: string;
      constructor(prefix: string) {
        this.prefix = prefix;
      }
      async submit(): Promise<number> {
        return this.prefix.length;
      }
      async getStatus(): Promise<{ state: 'succeeded' }> {
        return { state: this.prefix ? 'succeeded' : ('never' as 'succeeded') };
      }
      async getResult(id: number): Promise<string> {
        return `${this.prefix}${id}`;
      }
    }
    const task = testTask(memoryStateStore({ clock: fakeClock() }));

    expect(await task.attempt((ctx) => ctx.run(new Grid('abc'), 'input'))).toBe('abc3');
  });

  test('a bad one of a class is refused before anything is written', async () => {
    class Grid implements ExternalJob<string, number, string> {
      readonly prefix: string;
      constructor(prefix: string) {
        this.prefix = prefix;
      }
      async submit(): Promise<number> {
        return this.prefix.length;
      }
      async getStatus(): Promise<{ state: 'succeeded' }> {
        return { state: this.prefix ? 'succeeded' : ('never' as 'succeeded') };
      }
      async getResult(id: number): Promise<string> {
        return `${this.prefix}${id}`;
      }
    }
    const task = testTask(memoryStateStore({ clock: fakeClock() }));

    const bad = Object.assign(new Grid('abc'), { submitTimeout: 0 as const });

    await expect(task.attempt((ctx) => ctx.run(bad, 'input'))).rejects.toMatchObject({ option: 'submitTimeout' });
  });
});
