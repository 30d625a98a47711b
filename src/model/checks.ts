import { requireKnownNames } from './check-options.ts';
import { milliseconds, type Duration } from './duration.ts';
import { ConfigError, wrongKind } from './errors/store.ts';
import { retentionMs, type Retention } from './retention.ts';

/** What an option may be, in words that every room uses. */

/**
 * Checks one value.
 *
 * @throws {@link ConfigError} that names the option, the rule and the value.
 */
export type Check = (value: unknown, option: string) => unknown;

/** A check for each option of an object. */
export type Checks<Options> = Readonly<Record<keyof Options & string, Check>>;

/** A check of its own: `rule` says what a value must be, such as `'must be a text'`. */
export function rule(rule: string, holds: (value: unknown) => boolean): Check {
  return (value, option) => {
    if (!holds(value)) throw new ConfigError(option, rule, value);
  };
}

/** A rule for an object or a function: the error shows nothing of a text that is there instead. */
function thing(rule: string, holds: (value: unknown) => boolean): Check {
  return (value, option) => {
    if (!holds(value)) throw wrongKind(option, rule, value);
  };
}

/** Checked elsewhere, or not at all. */
export const anything: Check = () => undefined;
export const trueOrFalse: Check = rule('must be true or false', (value) => typeof value === 'boolean');
export const text: Check = rule('must be a text that is not empty', (value) => typeof value === 'string' && value !== '');
export const callable: Check = thing('must be a function', (value) => typeof value === 'function');
export const duration: Check = (value, option) => milliseconds(value as Duration, option);
export const retention: Check = (value, option) => retentionMs(value as Retention, option);

/** A text of at least one character. */
export function shortText(longest: number): Check {
  const holds = (value: unknown): boolean => typeof value === 'string' && value !== '' && value.length <= longest;
  return rule(`must be a text of 1 to ${longest} characters`, holds);
}

/** A whole number of bytes, at least `least`. */
export function bytesFrom(least: number): Check {
  return rule(
    `must be a whole number of bytes of at least ${least}`,
    (value) => Number.isSafeInteger(value) && (value as number) >= least,
  );
}

/** An object with these methods. */
export function methods(...names: readonly string[]): Check {
  const has = (value: unknown, name: string): boolean =>
    typeof (value as Record<string, unknown> | null | undefined)?.[name] === 'function';
  return thing(`must have the methods ${names.join(', ')}`, (value) => names.every((name) => has(value, name)));
}

/** One of some words. */
export function oneOf(...words: readonly string[]): Check {
  const all = words.length > 2 ? `one of ${words.join(', ')}` : words.map((word) => `'${word}'`).join(' or ');
  return rule(`must be ${all}`, (value) => words.includes(value as string));
}

/**
 * Checks an object of options. It has no other names, each option that is given is valid, and none of `required` is missing.
 *
 * @param what - The object, by its name, as for `requireKnownNames()`.
 * @throws {@link ConfigError}
 */
export function checkOptions<Options>(
  what: string,
  given: Options,
  checks: Checks<Options>,
  required: readonly (keyof Options & string)[] = [],
): void {
  requireKnownNames(what, given, checks);
  checkEach(given, checks, required);
}

/** Checks an object like `checkOptions()`, but the object may have other names too, such as an instance of a class has. */
export function checkEach<Options>(
  given: Options,
  checks: Checks<Options>,
  required: readonly (keyof Options & string)[] = [],
): void {
  for (const name in checks) {
    const value: unknown = given[name as keyof Options];
    if (value !== undefined || required.includes(name as (typeof required)[number]))
      checks[name as keyof typeof checks](value, name);
  }
}
