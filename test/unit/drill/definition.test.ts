import { expect, test } from '@jest/globals';
import { defineDrill } from '../../../drill/definition.ts';
import { externalJob } from '../../../src/job/define.ts';

/** What a user's module may say. */

const job = externalJob({ submit: async (_: object) => 'id', getStatus: async () => ({ state: 'active' }) });
const complete = { job, input: {}, count: async () => 1 };

test('a drill is what was given', () => {
  expect(defineDrill(complete)).toBe(complete);
});

test.each([
  ['no external job', { job: undefined }, /^job must be an external job/],
  ['no input', { input: undefined }, /^input must be given/],
  ['no way to count', { count: undefined }, /^count must be a function/],
  ['a name that there is not', { cleanup: async () => undefined }, /^cleanup is not an option .*cleanUp/],
  ['a wait without a unit', { settle: '5' }, /^settle must be a length of time/],
  ['an empty text', { about: '' }, /^about must be a text/],
])('%s is refused, by its name', (_what, wrong, message) => {
  const given = { ...complete, ...wrong } as unknown as typeof complete;

  expect(() => defineDrill(given)).toThrow(
    expect.objectContaining({ code: 'mooring.config', message: expect.stringMatching(message) }),
  );
});
