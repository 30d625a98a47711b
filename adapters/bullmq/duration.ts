import { ConfigError, type Duration } from '../../src/index.ts';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** The core takes no more, so what passed here must not fail there. */
const CENTURY = 36_525 * 86_400_000;

/**
 * A duration in milliseconds, rounded up to a whole one, as the core reads it.
 *
 * @throws {@link ConfigError} unless it is above 0 and at most a century.
 */
export function milliseconds(duration: Duration, option: string): number {
  const [, amount, unit = ''] = (typeof duration === 'string' && /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(duration)) || [];
  const value = typeof duration === 'number' ? duration : Number(amount) * (UNITS[unit] ?? Number.NaN);
  if (value > 0 && value <= CENTURY) return Math.ceil(value);
  throw new ConfigError(
    option,
    "must be a length of time above 0 and at most a century, such as '30s', '12h' or a number of milliseconds",
    duration,
  );
}
