import { ConfigError, type Duration } from '../../src/index.ts';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * A duration in milliseconds.
 *
 * @throws {@link ConfigError} unless it is a length of time above 0.
 */
export function milliseconds(duration: Duration, option: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(String(duration)) ?? [];
  const value = typeof duration === 'number' ? duration : Number(amount) * (UNITS[unit ?? ''] ?? Number.NaN);
  if (value > 0 && Number.isFinite(value)) return Math.ceil(value);
  throw new ConfigError(option, "must be a length of time above 0, such as '30s' or a number of milliseconds", duration);
}
