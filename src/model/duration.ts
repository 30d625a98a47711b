import { ConfigError } from './errors/config.ts';
import { LENGTH_OF_TIME, lengthOfTime } from './length-of-time.ts';

/** A length of time above 0: `'30s'`, `'1d'`, or a bare number of milliseconds. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

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
