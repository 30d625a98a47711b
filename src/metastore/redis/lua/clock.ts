import { ENTRY_FORMAT, ENTRY_KIND } from '../../../format/entry.ts';
import { NEVER } from '../../../format/head.ts';
import { AT, instantText } from './places.ts';

/**
 * What every script has: the server's time, how it ends, and whether a text counts. A function of Lua is made anew by each call of a
 * script, which costs as much as a read. So these are pieces of text.
 */

/** `now` in milliseconds, and the same as text. */
export const TIME: string = String.raw`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local instant = ${instantText('now')}`;

/** The time, and whether this call found its shard without a birth. */
export const CLOCK: string = `${TIME}\nlocal born = '0'`;

/** What a script answers, after `return`. `kind` is a word; the rest are expressions of Lua. */
export function answer(kind: string, ...rest: readonly string[]): string {
  return `{${[`instant .. born .. '${kind}'`, ...rest].join(', ')}}`;
}

/** Whether a text, a name of Lua, is of a format that this version does not know. */
export function isForeign(text: string): string {
  return `(${text} and ${text}:byte() ~= ${ENTRY_FORMAT.charCodeAt(0)})`;
}

/** Whether the text of an entry or a record has this letter. Foreign texts and damaged ones may have any. */
export function hasLetter(text: string, letter: string): string {
  return `(${text}:byte(2) == ${letter.charCodeAt(0)})`;
}

/**
 * Whether a text counts. One of another format, or a damaged one, counts, so that its reader can say so.
 *
 * @param text - A name of Lua.
 */
export function isLive(text: string): string {
  const ended = `(tonumber(${text}:sub(${AT.expiresAt})) or ${NEVER}) <= now`;
  return `(${text} and (${isForeign(text)} or not (${hasLetter(text, ENTRY_KIND.tombstone)} or ${ended})))`;
}
