/** The pages that people read, and the code that stands on them. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './consumer.ts';

/** A page, by its path from the root of the repository. */
export interface Page {
  readonly path: string;
  readonly text: string;
}

/** A fenced block of a page, or a hidden one: `<!-- ts`, code, `-->`. */
export interface Block {
  readonly language: string;
  readonly code: string;
  /** The heading above it; `undefined` if the block belongs to all of the page: `<!-- ts shared`. */
  readonly heading: string | undefined;
}

/** Written from the sources: `npm run reference`. */
export const GENERATED = 'docs/api/';

/** Folders whose pages are found, with all that is below them. */
const FOLDERS = ['docs', 'examples', 'findings'];

/** Every page of the repository. */
export async function readPages(): Promise<Page[]> {
  const loose = (await readdir(root)).filter((file) => file.endsWith('.md'));
  const below = await Promise.all(
    FOLDERS.map(async (folder) =>
      (await readdir(join(root, folder), { recursive: true }))
        .filter((file) => file.endsWith('.md'))
        .map((file) => `${folder}/${file}`),
    ),
  );
  const paths = [...loose, ...below.flat()].toSorted();
  return Promise.all(paths.map(async (path) => ({ path, text: await readFile(join(root, path), 'utf8') })));
}

/** Every block of a page, in order. */
export function blocksOf({ text }: Page): Block[] {
  const found: Block[] = [];
  let heading = '';
  for (const [, title, fence, code, scope, hidden] of text.matchAll(BLOCK)) {
    if (title !== undefined) heading = title;
    else if (hidden === undefined) found.push({ language: fence ?? '', code: code ?? '', heading });
    else found.push({ language: 'ts', code: hidden, heading: scope === ' shared' ? undefined : heading });
  }
  return found;
}

const BLOCK = /^#+ (.+)$|^ *```(\w*)\n([\s\S]*?)^ *```$|^<!-- ts( shared)?\n([\s\S]*?)^-->$/gm;

/**
 * The modules of TypeScript that a page has, by file name. The blocks under one heading are one module. A block that begins with
 * a comment that names a file, `// farm.ts`, is that file. Shared blocks belong to all other modules of the page, without the
 * declarations that a module makes itself.
 */
export function modulesOf(page: Page): Map<string, string> {
  const modules = new Map<string, string>();
  let shared = '';
  for (const { language, code, heading } of blocksOf(page)) {
    if (language !== 'ts') continue;
    const file = /^\/\/ ([\w.-]+\.ts)\n/.exec(code)?.[1];
    if (heading === undefined) shared += code;
    else {
      const name = file ?? `${heading.replace(/\W+/g, '-')}.ts`;
      modules.set(name, (modules.get(name) ?? '') + code);
    }
  }
  return new Map([...modules].map(([name, code]) => [name, `${withoutOwn(shared, code)}${code}\nexport {};\n`]));
}

/** The shared declarations, one a line, without those of names that the code declares or imports. */
function withoutOwn(shared: string, code: string): string {
  const lines = shared.split('\n').map((line) => {
    const names = /^import type \{(.+)\}/
      .exec(line)?.[1]
      ?.split(',')
      .map((name) => name.trim());
    if (names !== undefined) {
      const left = names.filter((name) => !declares(code, name));
      return line.replace(/\{.+\}/, `{ ${left.join(', ')} }`);
    }
    const name = /^(?:declare )?(?:const|function|interface|type|class) (\w+)/.exec(line)?.[1];
    return name !== undefined && declares(code, name) ? '' : line;
  });
  return lines.join('\n');
}

function declares(code: string, name: string): boolean {
  const kinds = 'const|let|async function|function|interface|type|class';
  const declared = `^(?:export )?(?:declare )?(?:${kinds}) ${name}\\b`;
  const destructured = `^const \\{[^}]*\\b${name}\\b[^}]*\\} =`;
  const imported = `^import [^;]*\\b${name}\\b[^;]*from`;
  return new RegExp(`${declared}|${destructured}|${imported}`, 'm').test(code);
}
