import { expect, test, jest } from '@jest/globals';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { root } from './consumer.ts';

/** Links between our own pages: the file is there, and the heading that an anchor names. */

jest.setTimeout(60_000);

async function pages(): Promise<string[]> {
  const found = await Promise.all(
    ['', 'docs', 'docs/decisions', 'examples', 'findings'].map(async (folder) =>
      (await readdir(join(root, folder))).filter((file) => file.endsWith('.md')).map((file) => join(folder, file)),
    ),
  );
  return found.flat();
}

/** As GitHub makes them. */
function anchors(markdown: string): Set<string> {
  const headings = withoutCode(markdown).matchAll(/^#{1,6} (.+)$/gm);
  return new Set(
    [...headings].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replace(/ /g, '-'),
    ),
  );
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
  const wrong = await Promise.all((await pages()).map(async (page) => broken(page, await readFile(join(root, page), 'utf8'))));

  expect(wrong.flat()).toEqual([]);
});

test('every decision has a number of its own, and a page short enough to read', async () => {
  const files = (await readdir(join(root, 'docs/decisions'))).toSorted();
  const lengths = await Promise.all(
    files.map(async (file) => (await readFile(join(root, 'docs/decisions', file), 'utf8')).split('\n').length),
  );

  expect(files.map((file) => Number(file.slice(0, 4)))).toEqual(files.map((_, at) => at + 1));
  expect(Math.max(...lengths)).toBeLessThan(60);
});

test('a link to nothing, and one to a heading that is not there, are seen', async () => {
  const wrong = await broken(
    'README.md',
    '[a](docs/nothing.md) [b](docs/design.md#nothing) [c](#nowhere)\n\n# A heading\n\n[d](#a-heading)',
  );

  expect(wrong).toHaveLength(3);
});
