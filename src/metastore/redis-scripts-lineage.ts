import { CLOCK, script, type Script } from './redis-script.ts';

/**
 * Scripts for a shard's past. Their first key is its generation, then its index and its birth. What is there already is written
 * again: who asks for durability waits for what its own connection wrote.
 */

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
redis.call('SET', BIRTH, redis.call('GET', BIRTH) or instant(now))
return {instant(now), '0', 'ok'}`,
);

/** Raises the generation to at least this. */
export const RAISE: Script = script(
  'raise',
  true,
  CLOCK,
  String.raw`
local current = redis.call('GET', KEY)
redis.call('SET', KEY, (tonumber(current or '') or -1) < tonumber(ARGV[1]) and ARGV[1] or current)
return {instant(now), '0', 'ok'}`,
);
