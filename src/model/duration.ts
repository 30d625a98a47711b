import { ConfigError } from './errors/config.ts';

/** A length of time above 0: `'30s'`, `'1d'`, or a bare number of milliseconds. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const PATTERN = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
/** A century: an instant that far away still has 13 digits, which the entry format counts on. */
const LONGEST = 36_525 * UNITS.d;

/** What a length of time must be, for an error. */
export const LENGTH_OF_TIME =
  "must be a length of time above 0 and at most a century, such as '30s', '12h' or a number of milliseconds";
const NOT_NEGATIVE = "must be 0 or a length of time of at most a century, such as '30s', '12h' or a number of milliseconds";

/** A length of time in milliseconds, rounded up to a whole one; `undefined` for anything else. */
export function lengthOfTime(given: unknown): number | undefined {
  const match = typeof given === 'string' ? PATTERN.exec(given) : null;
  const value = match ? Number(match[1]) * UNITS[match[2] as keyof typeof UNITS] : given;
  return typeof value === 'number' && value > 0 && value <= LONGEST ? Math.ceil(value) : undefined;
}

/**
 * A duration in milliseconds, rounded up to a whole one.
 *
 * @throws {@link ConfigError} unless it is above 0 and at most a century.
 */
export function milliseconds(duration: Duration, option: string): number {
  const value = lengthOfTime(duration);
  if (value === undefined) throw new ConfigError(option, LENGTH_OF_TIME, duration);
  return value;
}

/**
 * As `milliseconds()`, but 0 is a length of time too: none.
 *
 * @throws {@link ConfigError} unless it is at least 0 and at most a century.
 */
export function millisecondsOrNone(duration: Duration, option: string): number {
  if (duration === 0 || /^0+(\.0+)?(ms|s|m|h|d)$/.test(String(duration))) return 0;
  const value = lengthOfTime(duration);
  if (value === undefined) throw new ConfigError(option, NOT_NEGATIVE, duration);
  return value;
}
