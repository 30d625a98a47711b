/**
 * How scripts go through the keys of many shards, which have no names of their own. It says where each key of a shard is; the key
 * of the name comes after those of the last shard.
 */
export const EVERY_SHARD: string = String.raw`
local SHARD_SIZE, GENERATION, BIRTH = 3, 0, 2
local SHARDS_END = #KEYS - #KEYS % SHARD_SIZE
local NAME = KEYS[SHARDS_END + 1]`;
