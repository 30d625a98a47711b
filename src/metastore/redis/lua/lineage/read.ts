import { answer } from '../clock.ts';
import { script, type Script } from '../script.ts';
import { EVERY_SHARD } from './shards.ts';

/**
 * What shards know of their past.
 *
 * - KEYS: the generation, the index and the birth of each shard, and after those of the last shard the name.
 * - ARGV: none.
 * - Answer: `ok`, for each shard its birth and its generation, and at the end the name.
 */
export const LINEAGE: Script = script(
  [],
  { name: 'lineage', writes: false, arguments: {} },
  EVERY_SHARD,
  String.raw`
local found = ${answer('ok')}
for at = 1, SHARDS_END, SHARD_SIZE do
  found[#found + 1] = redis.call('GET', KEYS[at + BIRTH])
  found[#found + 1] = redis.call('GET', KEYS[at + GENERATION])
end
if NAME then found[#found + 1] = redis.call('GET', NAME) end
return found`,
);
