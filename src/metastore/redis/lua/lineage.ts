import { CLOCK, script, type Script } from './script.ts';

/**
 * Scripts for the past of one shard or, on a server that holds them all, of many. The keys of each are its generation, its index
 * and its birth; after those of the last shard comes the key of the name. What is there already is written again: who asks for durability waits for what its own connection wrote.
 */

/** For each shard its birth and its generation, and at the end the name. */
export const LINEAGE: Script = script(
  'lineage',
  false,
  CLOCK,
  String.raw`
local found = {instant(now), '0', 'ok'}
for at = 1, #KEYS - 2, 3 do
  found[#found + 1] = redis.call('GET', KEYS[at + 2])
  found[#found + 1] = redis.call('GET', KEYS[at])
end
if #KEYS % 3 == 1 then found[#found + 1] = redis.call('GET', KEYS[#KEYS]) end
return found`,
);

/** Makes the birth known, and gives a name. */
export const BEAR: Script = script(
  'bear',
  true,
  CLOCK,
  String.raw`
for at = 3, #KEYS, 3 do redis.call('SET', KEYS[at], redis.call('GET', KEYS[at]) or instant(now)) end
if #KEYS % 3 == 1 then redis.call('SET', KEYS[#KEYS], redis.call('GET', KEYS[#KEYS]) or ARGV[1]) end
return {instant(now), '0', 'ok'}`,
);

/** Raises the generation to at least this. */
export const RAISE: Script = script(
  'raise',
  true,
  CLOCK,
  String.raw`
for at = 1, #KEYS - 2, 3 do
  local current = redis.call('GET', KEYS[at])
  redis.call('SET', KEYS[at], (tonumber(current or '') or -1) < tonumber(ARGV[1]) and ARGV[1] or current)
end
return {instant(now), '0', 'ok'}`,
);
