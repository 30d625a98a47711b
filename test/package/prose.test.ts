import { expect, test } from '@jest/globals';
import { GENERATED, readPages, type Page } from './pages.ts';

/** The form of the pages that people write: width, length of sentences, and a few turns that a stranger has to read twice. */

const WIDTH = 120;

/** The house aims at 25 words a sentence. From here on nobody gets through at the first reading. */
const MOST_WORDS = 32;

/** Turns, and why they are refused. */
const TURNS: readonly (readonly [RegExp, string])[] = [
  [/(?:^|[.:;!?] |\| )(?:Of an? |Of what |What of )/, 'a sentence says its subject first'],
  [/(?:^|[.:;!?] |\| )Where [^.]*,/, 'a condition begins with "if" or "when"'],
  [/\bfar[- ]sides?\b(?! [\w-]+`)/i, 'it is the external system'],
  [/\bside by side\b/, 'things happen at the same time'],
];

/** A line of prose, with its place. */
interface Line {
  readonly place: string;
  readonly text: string;
}

/** The lines of a page outside code and hidden blocks; those of tables are marked. */
function linesOf({ path, text }: Page): (Line & { table: boolean })[] {
  const blank = (block: string): string => block.replace(/[^\n]/g, '');
  const prose = text.replace(/^ *```[^]*?^ *```$/gm, blank).replace(/^<!--[^]*?-->$/gm, blank);
  return prose.split('\n').map((line, at) => ({ place: `${path}:${at + 1}`, text: line, table: line.startsWith('|') }));
}

/** Lines of prose that are too wide. The target of a link does not count: it cannot be broken. */
function wideLines(page: Page): string[] {
  const seen = (text: string): string => text.replace(/\]\([^)]*\)/g, ']').replace(/https?:\S+/g, '');
  return linesOf(page)
    .filter(({ table, text }) => !table && text.length > WIDTH && seen(text).length > WIDTH)
    .map(({ place }) => place);
}

/** Turns of a page that are refused. Text in backquotes is code. */
function refusedTurns(page: Page): string[] {
  return linesOf(page).flatMap(({ place, text }) =>
    TURNS.flatMap(([turn, why]) => (turn.test(text.replace(/`[^`]*`/g, '`')) ? [`${place}: ${why}`] : [])),
  );
}

/** Sentences of a page that are too long. A piece of code is one word, and so is a link's target. */
function longSentences(page: Page): string[] {
  const blocks: Line[] = [];
  let isOpen = false;
  for (const { place, text, table } of linesOf(page)) {
    const line = text.trim();
    if (table) blocks.push(...line.split('|').map((cell) => ({ place, text: cell })));
    else if (isOpen && line !== '' && !BEGINS.test(line)) {
      const last = blocks.at(-1);
      if (last) blocks.splice(-1, 1, { place: last.place, text: `${last.text} ${line}` });
    } else blocks.push({ place, text: line });
    isOpen = !table && line !== '' && !line.startsWith('#');
  }
  return blocks.flatMap(({ place, text }) =>
    sentencesOf(text)
      .filter((sentence) => wordsOf(sentence) > MOST_WORDS)
      .map((sentence) => `${place}: ${wordsOf(sentence)} words: ${sentence}`),
  );
}

/** A line that begins a heading, or an item of a list. */
const BEGINS = /^(?:#|[-*] |\d+\. )/;

function sentencesOf(text: string): string[] {
  const plain = text.replace(/\]\([^)]*\)/g, ']').replace(/`[^`]*`/g, 'CODE');
  return plain.split(/(?<=[.!?:]†?["”)]?|†)\s+(?=["“(*[]*[A-Z0-9†])/);
}

function wordsOf(sentence: string): number {
  return sentence.split(/\s+/).filter((word) => /[A-Za-z0-9]/.test(word)).length;
}

/** The pages that people write, without the changelog. */
async function written(): Promise<Page[]> {
  return (await readPages()).filter(({ path }) => path !== 'CHANGELOG.md' && !path.startsWith(GENERATED));
}

test(`no line of prose is wider than ${WIDTH} columns`, async () => {
  const wide = (await written()).flatMap(wideLines);

  expect(wide).toEqual([]);
});

test(`no sentence has more than ${MOST_WORDS} words`, async () => {
  const long = (await written()).flatMap(longSentences);

  expect(long).toEqual([]);
});

test('no page has a turn that the house refuses', async () => {
  // The decisions say what was said when they were made.
  const pages = (await written()).filter(({ path }) => !path.startsWith('docs/decisions/'));

  const refused = pages.flatMap(refusedTurns);

  expect(refused).toEqual([]);
});

test('a wide line is seen, but not in a table, in code or for a link', () => {
  const wide = 'word '.repeat(30);
  const link = `[here](https://${'x'.repeat(120)})`;
  const text = [wide, `| ${wide} |`, '```text', wide, '```', link].join('\n');

  expect(wideLines({ path: 'a.md', text })).toEqual(['a.md:1']);
});

test.each([
  ['over several lines', `${'word '.repeat(20)}\n${'word '.repeat(13)}\n`],
  ['of an item', `- ${'word '.repeat(33)}\n`],
  ['in a cell of a table', `| a | ${'word '.repeat(33)}|\n`],
  ['after a short one', `So it is. A ${'word '.repeat(32)}\n`],
])('a long sentence is seen: %s', (_where, text) => {
  expect(longSentences({ path: 'a.md', text })).toHaveLength(1);
});

test('short sentences, items, code and links do not add up', () => {
  const words = 'word '.repeat(20);
  const code = `${words}\`${words}\` [here](a.md#${'x'.repeat(9)}).`;
  const text = [`A ${words.trim()}. A ${words.trim()}.`, `- ${words}`, `- ${words}`, '', code].join('\n');

  expect(longSentences({ path: 'a.md', text })).toEqual([]);
});

test.each(['Of a job it knows nothing.', 'It is so. Where it fails, stop.', 'the far side', 'they run side by side'])(
  'a turn is seen: %s',
  (text) => {
    expect(refusedTurns({ path: 'a.md', text })).toHaveLength(1);
  },
);
