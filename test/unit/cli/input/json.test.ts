import { expect, test } from '@jest/globals';
import { readJson } from '../../../../src/cli/input/json.ts';

/** JSON that a person typed. */

test.each([
  '17',
  '-9007199254740991',
  '"9007199254740993"',
  '{"9007199254740993":1}',
  '1.7976931348623157e308',
  '0.12345678901234567',
])('takes %s', (text) => {
  expect(readJson(text, 'must be JSON')).toEqual(JSON.parse(text));
});

test.each(['9007199254740993', '[-9007199254740993]', '{"a":"b","id":12345678901234567890}'])('refuses to round %s', (text) => {
  expect(() => readJson(text, 'must be JSON')).toThrow('would be rounded');
});

test('says the rule without the text', () => {
  expect(() => readJson('hunter2', 'must be JSON')).toThrow(/^must be JSON$/);
});
