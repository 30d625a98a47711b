import { lengthOfTime, type Duration } from './duration.ts';
import { ConfigError } from './errors/config.ts';

/**
 * How long an external system remembers something of a job. A length of time counts from the send of the request. With
 * `afterEnd` it counts from the end of the job. `'until-deleted'`: as long as nobody deletes the job there.
 */
export type RememberedFor = Duration | { afterEnd: Duration } | 'until-deleted';

const RULE =
  "must be a length of time above 0, such as '24h' (from the send), { afterEnd: '5m' } (from the end of the job), or 'until-deleted'";

/**
 * The least time, in milliseconds from the send of the request, for which something is remembered: a job may end as soon as it was
 * accepted.
 *
 * @param kept - Milliseconds after its end for which the external system keeps a job: the answer for `'until-deleted'`.
 * @throws {@link ConfigError} for anything else.
 */
export function rememberedMs(given: RememberedFor, option: string, kept: number): number {
  if (given === 'until-deleted') return kept;
  const isObject = typeof given === 'object' && given !== null && Object.keys(given).join() === 'afterEnd';
  const value = lengthOfTime(isObject ? given.afterEnd : given);
  if (value === undefined) throw new ConfigError(option, RULE, given);
  return value;
}
