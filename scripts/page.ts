/**
 * Writes the page of the board, which `page/` holds, as texts into `src/board/page.ts`: `npm run page`. So the package has no file to
 * find at run time, and a bundle of a user's server has the page in it. Another file than that may be named.
 */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { ROOT } from './build.ts';
import { run } from './command.ts';
import { temporaryFolder } from './temporary.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** The files of the page by name, its programs compiled. */
async function pageFiles(): Promise<[name: string, text: string][]> {
  const source = join(ROOT, 'page');
  const built = await temporaryFolder('mooring-page-');
  try {
    const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const { code, stdout } = await run(process.execPath, [compiler, '-p', source, '--outDir', built], { cwd: ROOT });
    if (code !== 0) throw new Error(`the page does not compile:\n${stdout}`);
    const files = [source, join(built, 'page')].map(async (folder) => {
      const names = (await readdir(folder)).filter((name) => Object.hasOwn(TYPES, extname(name)));
      return Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as [string, string]));
    });
    return (await Promise.all(files)).flat().toSorted(([one], [other]) => (one < other ? -1 : 1));
  } finally {
    await rm(built, { recursive: true, force: true });
  }
}

const lines = (await pageFiles()).map(([name, text]) => {
  const type = TYPES[extname(name)];
  return `  ${JSON.stringify(name)}: { type: ${JSON.stringify(type)}, text: ${JSON.stringify(text)} },\n`;
});
const text = [
  '/** The files of the page by name. Written by `npm run page` from the folder `page`: do not edit. */',
  '',
  'export const BOARD_PAGE: Readonly<Record<string, { type: string; text: string }>> = {',
  `${lines.join('')}};`,
  '',
].join('\n');
await writeFile(process.argv[2] ?? join(ROOT, 'src/board/page.ts'), text);
