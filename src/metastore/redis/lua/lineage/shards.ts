/**
 * How scripts go through the keys of many shards, which have no names of their own: where each key of a shard is, and the key of the
 * name, which comes after those of the last shard.
 */
export const EVERY_SHARD: string = String.raw`
local SHARD_SIZE, GENERATION, BIRTH = 3, 0, 2
local SHARDS_END = #KEYS - #KEYS % SHARD_SIZE
local NAME = KEYS[SHARDS_END + 1]`;
