import { answer } from '../clock.ts';
import { script, type Script } from '../script.ts';
import { EVERY_SHARD } from './shards.ts';

/**
 * Raises generations to at least this. An existing generation is written again, so that a wait for durability covers it.
 *
 * - KEYS: the generation, the index and the birth of each shard, and after those of the last shard the name.
 * - ARGV: raised.
 * - Answer: `ok`.
 */
export const RAISE: Script<'raised'> = script(
  [],
  { name: 'raise', writes: true, arguments: { raised: true } },
  EVERY_SHARD,
  String.raw`
for at = 1, SHARDS_END, SHARD_SIZE do
  local current = redis.call('GET', KEYS[at + GENERATION])
  redis.call('SET', KEYS[at + GENERATION], (tonumber(current or '') or -1) < tonumber(RAISED) and RAISED or current)
end
return ${answer('ok')}`,
);
