import { ConfigError } from './errors.ts';

/** A length of time above 0: `'30s'`, `'1d'`, or a bare number of milliseconds. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const PATTERN = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
/** A century: an instant that far away still has 13 digits, which the entry format counts on. */
const LONGEST = 36_525 * UNITS.d;

/**
 * A duration in milliseconds, rounded up to a whole one.
 *
 * @throws {@link ConfigError} unless it is above 0 and at most a century.
 */
export function milliseconds(duration: Duration, option: string): number {
  const match = typeof duration === 'string' ? PATTERN.exec(duration) : null;
  const value =
    typeof duration === 'number' ? duration : match ? Number(match[1]) * UNITS[match[2] as keyof typeof UNITS] : Number.NaN;
  if (!(value > 0) || value > LONGEST) {
    throw new ConfigError(
      option,
      "must be a length of time above 0 and at most a century, such as '30s', '12h' or a number of milliseconds",
      duration,
    );
  }
  return Math.ceil(value);
}
