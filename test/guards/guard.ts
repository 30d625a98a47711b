/**
 * Guards: pieces of code that an invariant or a rule of the model rests on. Each is a row of a table, next to the tests. It names
 * the test that notices when the guard is gone.
 */

/** One guard. */
export interface Guard {
  /** What rests on it. `I…` is an invariant of docs/design.md, `†` a rule that the model checker showed to be necessary. */
  readonly rule: string;
  /** The room that it is in: a folder, or one file of it. */
  readonly room: string;
  /** The code that is taken away. It is there once in the room. White space and line breaks do not matter. */
  readonly text: string;
  /** What stands there then. */
  readonly by: string;
  /** A test file, and a part of the full name of the tests that must fail. */
  readonly test: readonly [file: string, name: string];
  /** Without the guard the test goes on for ever, and is stopped. */
  readonly hangs: boolean;
}

/** A row of the table. */
export function guard(
  rule: string,
  room: string,
  text: string,
  by: string,
  test: Guard['test'],
  { hangs = false }: { hangs?: boolean } = {},
): Guard {
  return { rule, room, text, by, test, hangs };
}

/** Texts by path, from the root of the repository. */
export type Sources = Readonly<Record<string, string>>;

/** Where a guard stands, or why it cannot be said. */
export type Location = { file: string; from: number; to: number; fault?: never } | { fault: string };

/**
 * Finds a guard in one place of its room. Otherwise the fault says how many places there are and where, or how far the text
 * agrees with the code.
 */
export function locate({ room, text }: Pick<Guard, 'room' | 'text'>, sources: Sources): Location {
  const files = Object.keys(sources).filter((file) => file === room || file.startsWith(`${room}/`));
  if (files.length === 0) return { fault: `there is no ${room}` };
  const places = placesOf(text, files, sources);
  const [place] = places;
  if (place === undefined) return { fault: `nothing in ${room} is ${JSON.stringify(text)}${nearest(text, files, sources)}` };
  if (places.length > 1) {
    const lines = places.map(({ file, from }) => lineOf(sources, file, from)).join(', ');
    return { fault: `${places.length} places in ${room} are ${JSON.stringify(text)}: ${lines}` };
  }
  return place;
}

/** A source without its guard. */
export function without({ by }: Guard, source: string, { from, to }: { from: number; to: number }): string {
  return source.slice(0, from) + by + source.slice(to);
}

interface Place {
  file: string;
  from: number;
  to: number;
}

function placesOf(text: string, files: readonly string[], sources: Sources): Place[] {
  const pattern = new RegExp(patternOf(tokensOf(text)), 'g');
  return files.flatMap((file) =>
    [...(sources[file] ?? '').matchAll(pattern)].map(({ 0: found, index }) => ({ file, from: index, to: index + found.length })),
  );
}

/** Words, and single other characters. */
function tokensOf(text: string): string[] {
  return text.match(/[\w$]+|[^\w$\s]/g) ?? [];
}

/**
 * Any white space between two tokens, also none except between two words; and the comma that a list has where it is broken into
 * lines.
 */
function patternOf(tokens: readonly string[]): string {
  const parts = tokens.map((token, index) => {
    const before = tokens[index - 1];
    if (before === undefined) return isWord(token) ? `(?<![\\w$])${token.replaceAll('$', '\\$')}` : escape(token);
    const space = isWord(before) && isWord(token) ? '\\s+' : '\\s*';
    const comma = /[)\]}]/.test(token) && !/[,([{]/.test(before) ? ',?\\s*' : '';
    return space + comma + escape(token);
  });
  return parts.join('') + (isWord(tokens.at(-1) ?? '') ? '(?![\\w$])' : '');
}

function isWord(token: string): boolean {
  return /^[\w$]/.test(token);
}

function escape(token: string): string {
  return token.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

/** How far the code agrees with a text that is not there: what was renamed comes next. */
function nearest(text: string, files: readonly string[], sources: Sources): string {
  const tokens = tokensOf(text);
  for (let length = tokens.length - 1; length > 2; length -= 1) {
    const pattern = new RegExp(patternOf(tokens.slice(0, length)));
    for (const file of files) {
      const found = pattern.exec(sources[file] ?? '');
      if (found) return `; up to ${JSON.stringify(found[0])} it is ${lineOf(sources, file, found.index)}`;
    }
  }
  return '';
}

function lineOf(sources: Sources, file: string, offset: number): string {
  return `${file}:${(sources[file] ?? '').slice(0, offset).split('\n').length}`;
}
