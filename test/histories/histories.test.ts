import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildChecker, type Checker } from './checker.ts';
import type { Operation } from './history.ts';
import { happenUnder } from './run.ts';
import { FAULTS } from './servers.ts';

/** A short run of what `npm run histories` does at length, and whether the checker would notice. */

let checker: Checker;

beforeAll(async () => {
  checker = await buildChecker();
});
afterAll(() => checker?.close());

describe('some order of the calls explains what everybody saw', () => {
  test.each(FAULTS)('%s', async (fault) => {
    let left = 2;

    const { histories, wrong } = await happenUnder(fault, () => (left -= 1) <= 0);

    expect(wrong).toEqual([]);
    expect(await checker.check(histories)).toEqual({ checked: 2, illegal: [], undecided: [] });
  });
});

describe('the checker', () => {
  const call = (at: number, one: Partial<Operation> & Pick<Operation, 'kind'>): Operation => {
    return { client: 1, attempt: 0, outcome: 'ok', from: 0, to: 0, value: 0, call: 2 * at, return: 2 * at + 1, ...one };
  };
  const isIllegal = async (...calls: Operation[]): Promise<boolean> => (await checker.check([calls])).illegal.length > 0;

  test('refuses a read of what was there before', async () => {
    const read = [call(1, { kind: 'set', to: 7 }), call(2, { kind: 'get', value: 0 })];

    expect(await isIllegal(...read)).toBe(true);
  });

  test('refuses a write of an attempt that was superseded', async () => {
    const begun = [1, 2].map((attempt) => call(attempt, { kind: 'begin', attempt }));

    expect(await isIllegal(...begun, call(3, { kind: 'set', attempt: 1, to: 7 }))).toBe(true);
    expect(await isIllegal(...begun, call(3, { kind: 'set', attempt: 2, to: 7 }))).toBe(false);
  });

  test('refuses a comparison that both of two calls won', async () => {
    const won = [7, 8].map((to) => call(to, { kind: 'compare-and-set', to }));

    expect(await isIllegal(...won)).toBe(true);
  });

  test('lets a write without an answer come at any time', async () => {
    const [before, after] = [call(2, { kind: 'get', value: 0 }), call(3, { kind: 'get', value: 7 })];

    expect(await isIllegal(call(1, { kind: 'set', to: 7, outcome: 'unknown' }), before, after)).toBe(false);
    expect(await isIllegal(call(1, { kind: 'set', to: 7, outcome: 'unknown' }), after, call(4, { kind: 'get' }))).toBe(true);
  });
});
