import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parseSync } from '@swc/core';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from '../../scripts/command.ts';
import { createConsumer, root, type Consumer } from './consumer.ts';
import { blocksOf, GENERATED, modulesOf, readPages, type Page } from './pages.ts';

/**
 * Every block of code in the README and in the pages of `docs`: TypeScript compiles against the packed declarations, all blocks in one
 * program; what else can be parsed is parsed. What a block of TypeScript leaves to the reader is declared in a hidden block above it.
 */

const COMPILER_OPTIONS = {
  module: 'nodenext',
  target: 'es2023',
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  experimentalDecorators: true,
  emitDecoratorMetadata: true,
  types: ['node'],
};

/** What the blocks import. */
const PACKAGES = [
  '@aws-sdk/client-s3',
  '@google-cloud/storage',
  '@jest/globals',
  '@nestjs/bullmq',
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/testing',
  '@opentelemetry/exporter-prometheus',
  '@opentelemetry/sdk-metrics',
  '@temporalio/activity',
  '@temporalio/client',
  '@temporalio/common',
  '@temporalio/testing',
  '@temporalio/worker',
  '@temporalio/workflow',
  '@types/express',
  '@types/lzma-native',
  '@types/node',
  'bullmq',
  'express',
  'fastify',
  'hono',
  'ioredis',
  'lz4-napi',
  'lzma-native',
  'reflect-metadata',
  'seek-bzip',
];

/** Languages that are looked at elsewhere, or that nothing here can parse. */
const LEFT = new Set(['text', 'mermaid']);

let consumer: Consumer;
let pages: Page[];

beforeAll(async () => {
  consumer = await createConsumer();
  await Promise.all(PACKAGES.map((name) => consumer.add(name)));
  pages = (await readPages()).filter(({ path }) => !path.startsWith(GENERATED));
});

afterAll(() => consumer?.remove());

/** What the compiler says of the modules of some pages. */
async function compile(folder: string, from: readonly Page[]): Promise<string> {
  const files = from.flatMap((page) => {
    const home = join(folder, page.path.replace(/\.md$/, ''));
    return [...modulesOf(page)].map(([name, code]) => [join(home, name), code] as const);
  });
  for (const [file, code] of files) {
    await mkdir(join(consumer.folder, dirname(file)), { recursive: true });
    await consumer.write(file, code);
  }
  await consumer.write('tsconfig.json', JSON.stringify({ compilerOptions: COMPILER_OPTIONS, include: [folder] }));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  return (await run(process.execPath, [tsc, '-p', '.'], { cwd: consumer.folder })).stdout;
}

/** What is wrong with a block that is not TypeScript. */
async function fault(language: string, code: string): Promise<string | undefined> {
  if (language === 'ts' || LEFT.has(language)) return undefined;
  try {
    if (language === 'json') JSON.parse(code);
    // JSON with comments and commas at the end is what an expression of JavaScript may be.
    else if (language === 'jsonc') parseSync(`(${code.trim()}\n)`, { syntax: 'ecmascript' });
    else if (language === 'js') parseSync(code, { syntax: 'ecmascript' });
    else if (language === 'sh') {
      const { code: exit, stderr } = await run('sh', ['-n', '-c', code]);
      if (exit !== 0) return stderr;
    } else return `no test knows the language ${JSON.stringify(language)}`;
  } catch (error) {
    return String(error);
  }
  return undefined;
}

/** What is wrong with the other blocks of some pages. */
async function faults(from: readonly Page[]): Promise<string[]> {
  const found = await Promise.all(
    from.flatMap((page) =>
      blocksOf(page).map(async ({ language, code, heading }) => {
        const wrong = await fault(language, code);
        return wrong === undefined ? [] : [`${page.path}, ${heading}: ${wrong}`];
      }),
    ),
  );
  return found.flat();
}

test('every block of TypeScript compiles', async () => {
  expect(pages.filter((page) => modulesOf(page).size > 0).length).toBeGreaterThan(10);

  const wrong = await compile('pages', pages);

  expect(wrong).toBe('');
});

test('every other block can be parsed', async () => {
  const wrong = await faults(pages);

  expect(wrong).toEqual([]);
});

test('a block that does not compile is seen', async () => {
  const text = "# Wrong\n\n```ts\nimport { externalJob } from 'mooring';\nexternalJob({ submit: 1 });\n```\n";

  const wrong = await compile('wrong', [{ path: 'wrong.md', text }]);

  expect(wrong).toContain('wrong/wrong/Wrong.ts');
});

test.each([
  ['json', '{ "a": }'],
  ['js', 'const = 1;'],
  ['sh', 'if true; do'],
  ['', 'a block that names no language'],
])('a block of %s that cannot be parsed is seen', async (language, code) => {
  const text = `# Wrong\n\n\`\`\`${language}\n${code}\n\`\`\`\n`;

  const wrong = await faults([{ path: 'wrong.md', text }]);

  expect(wrong).toHaveLength(1);
});
