import { expect, test } from '@jest/globals';

/** One bad input: what a user gives, the option that the error names, and its text. */
export type Refusal = [given: string, act: () => unknown, option: string, message: RegExp];

/** A test for each bad input: refused with a `ConfigError` that names the option, and the rule or what was received. */
export function refusals(rows: readonly Refusal[]): void {
  test.each(rows)('%s, refuses it', async (_given, act, option, message) => {
    const refused = expect.objectContaining({ code: 'mooring.config', option, message: expect.stringMatching(message) });
    await expect((async () => act())()).rejects.toEqual(refused);
  });
}

/** A value where the types would not have it. */
export function wrong(value: unknown): never {
  return value as never;
}
