import { expect, test } from '@jest/globals';
import { GENERATED, readPages, type Page } from './pages.ts';

/** The form of the pages that people write: width, and a few turns that a stranger has to read twice. */

const WIDTH = 120;

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

/** The pages that people write, without the changelog. */
async function written(): Promise<Page[]> {
  return (await readPages()).filter(({ path }) => path !== 'CHANGELOG.md' && !path.startsWith(GENERATED));
}

test(`no line of prose is wider than ${WIDTH} columns`, async () => {
  const wide = (await written()).flatMap(wideLines);

  expect(wide).toEqual([]);
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

test.each(['Of a job it knows nothing.', 'It is so. Where it fails, stop.', 'the far side', 'they run side by side'])(
  'a turn is seen: %s',
  (text) => {
    expect(refusedTurns({ path: 'a.md', text })).toHaveLength(1);
  },
);
