import { describe, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../../scripts/build.ts';
import { readSources } from '../../scripts/guards/sources.ts';
import { guard, locate, without } from '../guards/guard.ts';
import { GUARDS } from '../guards/list.ts';

/** The table of `npm run guards` follows the sources: here only that each guard is still where it says; the proof takes minutes. */

const sources = await readSources(ROOT);

test.each(GUARDS)('the guard stands: $rule', async (row) => {
  const { fault } = locate(row, sources);

  expect(fault).toBeUndefined();
  expect(row.by).not.toBe(row.text);
  await expect(readFile(join(ROOT, row.test[0]), 'utf8')).resolves.toBeTruthy();
});

test('no two guards have one rule', () => {
  const rules = GUARDS.map(({ rule }) => rule);

  expect(new Set(rules).size).toBe(rules.length);
});

test('every invariant has a guard', () => {
  const rules = GUARDS.map(({ rule }) => rule);
  for (let number = 1; number <= 10; number += 1) expect(rules.some((rule) => rule.startsWith(`I${number} `))).toBe(true);
});

describe('a row of the table', () => {
  const tree = {
    'src/job/send.ts': 'const key = draw(\n  core,\n  random,\n);\nif (key === stale) stop(key);\n',
    'src/job/run.ts': 'if (key === undefined) stop(key);\n',
    'src/model/scope.ts': 'stop(key);\n',
  };
  const at = (room: string, text: string): ReturnType<typeof locate> => locate({ room, text }, tree);

  test('finds its code in any file of its room, however it is broken into lines', () => {
    expect(at('src/job', 'draw(core, random)')).toMatchObject({ file: 'src/job/send.ts', from: 12 });
    expect(at('src/model', 'stop(key)')).toMatchObject({ file: 'src/model/scope.ts' });
  });

  test('is whole words: no part of a longer name', () => {
    expect(at('src/job', 'raw(core')).toHaveProperty('fault');
    expect(at('src/job', 'key === stal')).toHaveProperty('fault');
  });

  test('says where its code is several times', () => {
    const { fault } = at('src/job', 'stop(key)');

    expect(fault).toBe('2 places in src/job are "stop(key)": src/job/send.ts:5, src/job/run.ts:1');
  });

  test('says up to where the code is still the same', () => {
    const { fault } = at('src/job', 'if (key === late) stop');

    expect(fault).toBe('nothing in src/job is "if (key === late) stop"; up to "if (key ===" it is src/job/send.ts:5');
  });

  test('says that its room is gone', () => {
    expect(at('src/jobs', 'stop')).toEqual({ fault: 'there is no src/jobs' });
  });

  test('leaves all but its code unchanged', () => {
    const row = guard('a rule', 'src/model', 'stop(key)', '', ['test/x.test.ts', 'name']);
    const place = locate(row, tree);

    expect(place.fault === undefined && without(row, tree['src/model/scope.ts'], place)).toBe(';\n');
  });
});
