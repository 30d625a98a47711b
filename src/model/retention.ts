import { milliseconds, type Duration } from './duration.ts';

/** How long a value is kept after its last write. `'forever'` is the only spelling of no end; 0 is refused. */
export type Retention = Duration | 'forever';

/** A resolved retention: milliseconds, or `'forever'`. */
export type RetentionMs = number | 'forever';

/**
 * A retention in milliseconds.
 *
 * @throws {@link ConfigError} unless it is `'forever'` or a duration.
 */
export function retentionMs(retention: Retention, option: string): RetentionMs {
  return retention === 'forever' ? retention : milliseconds(retention, option);
}
