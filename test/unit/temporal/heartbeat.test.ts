import { describe, expect, it } from '@jest/globals';
import type { Context } from '@temporalio/activity';
import { heartbeatsOf } from '../../../adapters/temporal/heartbeat.ts';
import { InvalidValueError } from '../../../src/index.ts';

/** As far as it is used of a context. */
function contextOf(said: unknown[]): Context {
  return { info: {}, heartbeat: (details: unknown) => void said.push(details) } as unknown as Context;
}

describe('details of a heartbeat', () => {
  it.each([['a'.repeat(2 ** 20)], [{ at: 'é'.repeat(2 ** 19) }], [new Uint8Array(2 ** 20 + 1)]])(
    'above 1 MiB are refused, and do not become what ours repeat',
    (details) => {
      const said: unknown[] = [];
      const context = contextOf(said);
      const { repeat } = heartbeatsOf(context);
      context.heartbeat('small');

      expect(() => context.heartbeat(details)).toThrow(InvalidValueError);
      repeat();
      expect(said).toEqual(['small', 'small']);
    },
  );

  it.each([['a'.repeat(2 ** 20 - 2)], [undefined], [1n]])('up to that, or of no JSON, go to the SDK', (details) => {
    const said: unknown[] = [];
    const context = contextOf(said);
    heartbeatsOf(context);
    context.heartbeat(details);

    expect(said).toEqual([details]);
  });
});
