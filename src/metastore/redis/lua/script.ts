import { createHash } from 'node:crypto';
import type { ScopeKeys } from '../../../format/redis-keys.ts';
import type { Argument } from '../client.ts';
import { CLOCK } from './clock.ts';

/**
 * How a script is made. The names of its keys and arguments are one table. It gives the locals at the head of the script
 * (`KEYS[1]` is `KEY`, the argument `hasBody` is `HAS_BODY`) and the order of a caller's arguments.
 *
 * A script answers `{head, …}`. The head is one text: the server's time, `1` if it was the first to write to this shard (else `0`),
 * and how it ended; `answer.ts` reads it. Times and fences are compared as text of fixed width or as whole numbers below 2^53. A
 * script has no way back. So nothing of the scope is written before the last check has passed. By then a read has met every type
 * that a later command needs.
 */

/** A value of an argument. Yes and no are `'1'` and `'0'`, nothing is an empty text. */
export type ArgumentValue = Argument | boolean | undefined;

/**
 * A key of a scope's shard: the scope's hash, the index of what becomes due, the birth, the index of jobs. While a slot of a Cluster
 * is moved, a script is refused if it names keys of which only some are there. So a script names only what it needs.
 */
export type ScopeKey = keyof ScopeKeys;

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
  /** The most runs of it that may share a command. */
  readonly together: number;
  /** Which keys of a scope it names, in this order. */
  readonly keys: readonly ScopeKey[];
  /** What comes before its arguments: the path if an index names the scope, and the scope to record if the path does not tell it. */
  readonly address: readonly ('path' | 'recorded')[];
  /** The same script for a scope that is there: it names fewer keys. */
  readonly narrow?: Narrow<Name, Item>;
  /** Appends the arguments in the order of the script. */
  arrange(args: Argument[], given: Readonly<Record<Name, ArgumentValue>>, each: readonly Item[]): void;
}

/** A script that answers `wider`, before it has written anything, if it needs a key that it does not name. */
export interface Narrow<Name extends string, Item> extends Script<Name, Item> {
  /** Whether it is worth a try for these. */
  suits(given: Readonly<Record<Name, ArgumentValue>>, each: readonly Item[]): boolean;
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
  /**
   * The most runs that may share a command: a script that looks at many fields keeps the server from others.
   * @defaultValue 32
   */
  together?: number;
}

const TOGETHER = 32;

/** A script on these keys of one scope. */
export function scopeScript<Name extends string = never, Item = never>(
  keys: readonly ScopeKey[],
  definition: Definition<Name, Item>,
  ...parts: readonly string[]
): Script<Name, Item> {
  return assemble(keys, keys.includes('due') || keys.includes('jobs') ? ['path'] : [], definition, parts);
}

/** What a script that writes to a scope does with its keys. */
interface WritingDefinition<Name extends string, Item> extends Definition<Name, Item> {
  /** Whether the index of jobs is one of its keys. */
  jobs?: boolean;
  /** When a scope that is there needs neither its index nor a birth. @defaultValue always */
  suits?: Narrow<Name, Item>['suits'];
  /** A script of its own for such a scope. @defaultValue the same parts */
  narrow?: Narrow<Name, Item>;
}

/** A part of a script that writes to a scope: with all keys (`wide`), or with the scope's alone. */
export type WritingPart = string | ((wide: boolean) => string);

/** A script that opens a scope for a write, in both widths. */
export function writingScript<Name extends string = never, Item = never>(
  definition: WritingDefinition<Name, Item>,
  ...parts: readonly WritingPart[]
): Script<Name, Item> {
  const { jobs = false, suits = () => true, narrow } = definition;
  const own: readonly ScopeKey[] = jobs ? ['jobs'] : [];
  const as = (wide: boolean): string[] => parts.map((part) => (typeof part === 'string' ? part : part(wide)));
  return {
    ...assemble<Name, Item>(['key', 'due', 'birth', ...own], ['path', 'recorded'], definition, as(true)),
    narrow: narrow ?? { ...assemble<Name, Item>(['key', ...own], jobs ? ['path'] : [], definition, as(false)), suits },
  };
}

/** A script on keys of any kind. The script itself goes through those that have no name. */
export function script<Name extends string = never, Item = never>(
  keys: readonly string[],
  definition: Definition<Name, Item>,
  ...parts: readonly string[]
): Script<Name, Item> {
  return { ...assemble(keys, [], definition, parts), keys: [] };
}

function assemble<Name extends string, Item>(
  keys: readonly string[],
  address: Script['address'],
  definition: Definition<Name, Item>,
  parts: readonly string[],
): Script<Name, Item> {
  const { name, writes, each, together = TOGETHER } = definition;
  const names = namesOf(definition.arguments);
  const all = [...address, ...names];
  const first = each ? `local ${each.start} = ${all.length + 1}` : '';
  const text = [named(keys.map(constant), 'KEYS'), named(all.map(constant), 'ARGV'), first, CLOCK, ...parts].join('\n');
  return {
    name,
    text,
    writes,
    together,
    keys: keys as readonly ScopeKey[],
    address,
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
