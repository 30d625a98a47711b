import { describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { nameOf, pathOf, shellWord } from '../../../../src/cli/address/name.ts';

/** How a job is named to people: the command takes the words back. */

describe('the name of a scope', () => {
  test.each([
    ['a job of BullMQ', { flow: 'bull:transcode', run: '42@1700000000000', task: 'hd' }, 'transcode 42'],
    ['one with another prefix', { flow: 'eu:transcode', run: '42@17', task: 'hd' }, 'transcode 42 --prefix eu'],
    ['one whose ID has a space', { flow: 'bull:q', run: "Tom's job@17", task: 'hd' }, String.raw`q 'Tom'\''s job'`],
    ['an activity', { flow: 'default/order', run: 'order%2F7/abc', task: 'transcode/3/17' }, '--workflow order/7 --activity 3'],
    ['an item', { flow: 'bull:q', run: '42@17', task: 'hd', itemKey: 'a b' }, 'bull%3Aq/42%4017/hd/key=a%20b'],
    ['a scope of a name of its own', { flow: 'import', run: '2026', task: 'load' }, 'import/2026/load'],
    [
      'a scope that activities share',
      { flow: 'default/order', run: 'order-7/abc', task: 'shared' },
      'default%2Forder/order-7%2Fabc/shared',
    ],
  ])('of %s', (_what, scope, name) => {
    expect(nameOf(scope)).toBe(name);
  });

  test('says its record, if that has a name of its own', () => {
    const scope = { flow: 'bull:q', run: '42@17', task: 'hd' };

    expect(nameOf(scope, 'audio track')).toBe("q 42 --key 'audio track'");
    expect(nameOf(scope, 'external_job_id')).toBe('q 42');
    expect(pathOf(scope, 'audio')).toBe('bull%3Aq/42%4017/hd --key audio');
  });

  test('is not taken for a flag', () => {
    expect(nameOf({ flow: 'eu:-q', run: '-4@17', task: 'hd' })).toBe('--prefix eu -- -q -4');
    expect(nameOf({ flow: 'd/o', run: '-w/r', task: 't/1/17' })).toBe('--workflow=-w --activity 1');
  });
});

test.each(['plain', 'a b', "it's", '$HOME', '*', '-x', '', 'a\nb', '\u001B[2J', "\\'\u0007", '"é"', '\u0085'])(
  'a shell reads the word %j back unchanged',
  (word) => {
    const told = execFileSync('bash', ['--norc', '-c', `printf -- %s ${shellWord(word)}`], {
      encoding: 'utf8',
      env: { LC_ALL: 'C.UTF-8' },
    });

    expect(told).toBe(word);
  },
);
