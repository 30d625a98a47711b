import { expect, test } from '@jest/globals';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { root } from './consumer.ts';
import { readPages } from './pages.ts';

/** Links between our own pages: the file is there, and the heading that an anchor names. */

/** As GitHub makes them: of headings, of which the second with one text gets a number; and those that the page makes itself. */
function anchors(markdown: string): Set<string> {
  const text = withoutCode(markdown);
  const found = new Set([...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id));
  const seen = new Map<string, number>();
  for (const [, heading = ''] of text.matchAll(/^#{1,6} (.+)$/gm)) {
    const anchor = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replace(/ /g, '-');
    const times = seen.get(anchor) ?? 0;
    seen.set(anchor, times + 1);
    found.add(times === 0 ? anchor : `${anchor}-${times}`);
  }
  return found;
}

function withoutCode(markdown: string): string {
  return markdown.replace(/```[\s\S]*?```/g, '');
}

/** What is wrong with the links of one page. */
async function broken(page: string, markdown: string): Promise<string[]> {
  const wrong: string[] = [];
  for (const [, link = ''] of withoutCode(markdown).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^https?:/.test(link)) continue;
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? page : relative(root, join(root, dirname(page), path));
    const found = await stat(join(root, target)).catch(() => undefined);
    if (!found) wrong.push(`${page}: ${link}`);
    else if (anchor !== undefined) {
      const text = target === page ? markdown : await readFile(join(root, target), 'utf8');
      if (!anchors(text).has(anchor)) wrong.push(`${page}: ${link}`);
    }
  }
  return wrong;
}

test('every link between pages leads somewhere', async () => {
  const wrong = await Promise.all((await readPages()).map(({ path, text }) => broken(path, text)));

  expect(wrong.flat()).toEqual([]);
});

test('every page of docs is in its table of contents', async () => {
  const contents = await readFile(join(root, 'docs/README.md'), 'utf8');
  const files = (await readdir(join(root, 'docs'))).filter((file) => file.endsWith('.md') && file !== 'README.md');

  const missing = files.filter((file) => !contents.includes(`](${file})`));

  expect(missing).toEqual([]);
});

test('every decision has a number of its own', async () => {
  const files = (await readdir(join(root, 'docs/decisions'))).toSorted();

  expect(files.map((file) => Number(file.slice(0, 4)))).toEqual(files.map((_, at) => at + 1));
});

test('every decision is short enough to read', async () => {
  const files = (await readdir(join(root, 'docs/decisions'))).toSorted();

  const lengths = await Promise.all(
    files.map(async (file) => (await readFile(join(root, 'docs/decisions', file), 'utf8')).split('\n').length),
  );

  expect(Math.max(...lengths)).toBeLessThan(60);
});

test('a link to a page or a heading that is not there is seen', async () => {
  const wrong = await broken(
    'README.md',
    '[a](docs/nothing.md) [b](docs/design.md#nothing) [c](#nowhere)\n\n# A heading\n\n[d](#a-heading)',
  );

  expect(wrong).toHaveLength(3);
});
