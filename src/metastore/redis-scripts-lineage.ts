import { CLOCK, script, type Script } from './redis-script.ts';

/** Scripts for a shard's past. Their first key is its generation, then its index and its birth. */

/** The birth, and the generation. */
export const LINEAGE: Script = script(
  'lineage',
  false,
  CLOCK,
  String.raw`
return {instant(now), '0', 'ok', redis.call('GET', BIRTH), redis.call('GET', KEY)}`,
);

/** Makes the birth known. */
export const BEAR: Script = script(
  'bear',
  true,
  CLOCK,
  String.raw`
redis.call('SET', BIRTH, instant(now), 'NX')
return {instant(now), '0', 'ok'}`,
);

/** Raises the generation to at least this. */
export const RAISE: Script = script(
  'raise',
  true,
  CLOCK,
  String.raw`
if (tonumber(redis.call('GET', KEY) or '') or 0) < tonumber(ARGV[1]) then redis.call('SET', KEY, ARGV[1]) end
return {instant(now), '0', 'ok'}`,
);
