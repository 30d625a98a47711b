import { createHash } from 'node:crypto';
import { ENTRY_FORMAT } from '../../../format/entry.ts';
import { INSTANT_LENGTH } from '../../../format/head.ts';
import type { Argument } from '../client.ts';
import { AT, LETTER } from './places.ts';

/**
 * How a script is made. The names of its keys and arguments are one table. It gives the locals at the head of the script
 * (`KEYS[1]` is `KEY`, the argument `hasBody` is `HAS_BODY`) and the order of a caller's arguments.
 *
 * A script answers `{head, …}`. The head is one text: the server's time, `1` if it was the first to write to this shard (else `0`),
 * and how it ended (`REPLY_PLACE`).
 * Times and fences are compared as text of fixed width or as whole numbers below 2^53. A script has no way back. So nothing of
 * the scope is written before the last check has passed. By then a read has met every type that a later command needs.
 */

/** A value of an argument. Yes and no are `'1'` and `'0'`, nothing is an empty text. */
export type ArgumentValue = Argument | boolean | undefined;

/**
 * A script and the name that the server has for it. `Name` are the names of its arguments, and `Item` is the list that it takes
 * at the end.
 */
export interface Script<Name extends string = never, Item = never> {
  readonly name: string;
  readonly text: string;
  readonly sha: string;
  /** Whether it may write; an answer that is lost is then an unknown outcome. */
  readonly writes: boolean;
  /** Whether the index of jobs is among its keys. */
  readonly indexes: boolean;
  /** Appends the arguments in the order of the script. */
  arrange(args: Argument[], given: Readonly<Record<Name, ArgumentValue>>, each: readonly Item[]): void;
}

/** The list that a script takes after its other arguments, of any length. */
export interface List<Item> {
  /** The local that is the place of the first one. */
  readonly start: string;
  append(args: Argument[], item: Item): void;
}

/** One of a list. */
export type Item<Of> = Of extends List<infer One> ? One : never;

/** Single values. `NAMES` is the place of the first of the list `names`. */
export function values(list: string): List<ArgumentValue> {
  return { start: constant(list), append: (args, item) => void args.push(argument(item)) };
}

/** A list of groups of fields: how many arguments each group has, and at which of them a field is. */
export interface Groups<Field extends string> extends List<Readonly<Record<Field, ArgumentValue>>> {
  readonly size: number;
  readonly at: Readonly<Record<Field, number>>;
}

/** Groups of fields, in their order. */
export function groups<Field extends string>(list: string, fields: Readonly<Record<Field, true>>): Groups<Field> {
  const names = namesOf(fields);
  return {
    start: constant(list),
    size: names.length,
    at: Object.fromEntries(names.map((field, place) => [field, place])) as Record<Field, number>,
    append(args, item) {
      for (const field of names) args.push(argument(item[field]));
    },
  };
}

/** What a script is called with. */
interface Definition<Name extends string, Item> {
  name: string;
  writes: boolean;
  /** The names of the arguments, in their order. */
  arguments: Readonly<Record<NoInfer<Name>, true>>;
  each?: List<Item>;
}

/** Keys of a scope: its hash, the index of its shard, and the birth of its shard. */
const SCOPE_KEYS = ['KEY', 'DUE', 'BIRTH'];
/** The same, and the index of the jobs in its shard. */
const RECORD_KEYS = [...SCOPE_KEYS, 'JOBS'];

/**
 * A script on the keys of one scope. Two arguments come before its own: the path, and the scope to record if the path does not
 * tell it.
 */
export function scopeScript<Name extends string = never, Item = never>(
  definition: Definition<Name, Item>,
  ...parts: readonly string[]
): Script<Name, Item> {
  return assemble(SCOPE_KEYS, ['path', 'recorded'], definition, parts);
}

/** The same for a script that changes which jobs there are: the index of jobs is its fourth key. */
export function recordScript<Name extends string = never, Item = never>(
  definition: Definition<Name, Item>,
  ...parts: readonly string[]
): Script<Name, Item> {
  return assemble(RECORD_KEYS, ['path', 'recorded'], definition, parts);
}

/** A script on keys of any kind. The script itself goes through those that have no name. */
export function script<Name extends string = never, Item = never>(
  keys: readonly string[],
  definition: Definition<Name, Item>,
  ...parts: readonly string[]
): Script<Name, Item> {
  return assemble(keys, [], definition, parts);
}

function assemble<Name extends string, Item>(
  keys: readonly string[],
  before: readonly string[],
  definition: Definition<Name, Item>,
  parts: readonly string[],
): Script<Name, Item> {
  const { name, writes, each } = definition;
  const names = namesOf(definition.arguments);
  const all = [...before, ...names];
  const first = each ? `local ${each.start} = ${all.length + 1}` : '';
  const text = [named(keys, 'KEYS'), named(all.map(constant), 'ARGV'), first, CLOCK, ...parts].join('\n');
  return {
    name,
    text,
    writes,
    indexes: keys === RECORD_KEYS,
    sha: createHash('sha1').update(text).digest('hex'),
    arrange(args, given, items) {
      for (const one of names) args.push(argument(given[one]));
      if (each) for (const item of items) each.append(args, item);
    },
  };
}

function namesOf<Name extends string>(names: Readonly<Record<Name, true>>): readonly Name[] {
  return Object.keys(names) as Name[];
}

function argument(given: ArgumentValue): Argument {
  if (typeof given === 'boolean') return given ? '1' : '0';
  return given ?? '';
}

/** `hasBody` as `HAS_BODY`. */
function constant(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/** `local KEY, DUE = KEYS[1], KEYS[2]` */
function named(names: readonly string[], from: string): string {
  if (names.length === 0) return '';
  return `local ${names.join(', ')} = ${names.map((_name, at) => `${from}[${at + 1}]`).join(', ')}`;
}

/**
 * Time, how a script ends, and whether a text counts. A text of another format, or a damaged one, counts, so that its reader can
 * say so.
 */
const CLOCK = String.raw`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- Whether this call found its shard without a birth.
local born = false
local function instant(ms) return string.format('%0${INSTANT_LENGTH}.0f', ms) end
local function answer(kind, ...) return {instant(now) .. (born and '1' or '0') .. kind, ...} end
local function foreign(text) return text and text:sub(${AT.format}) ~= '${ENTRY_FORMAT}' end
local function live(text)
  if not text then return false end
  if foreign(text) then return true end
  local expires = tonumber(text:sub(${AT.expiresAt}))
  return text:sub(${AT.letter}) ~= ${LETTER.tombstone} and not (expires and expires <= now)
end`;
