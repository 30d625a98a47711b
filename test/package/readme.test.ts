import { afterAll, beforeAll, expect, test, jest } from '@jest/globals';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../scripts/command.ts';
import { createConsumer, root, type Consumer } from './consumer.ts';

/** Every program of the README compiles against the packed declarations; what it leaves to the reader is declared here. */

jest.setTimeout(60_000);

const LEFT_TO_THE_READER: Record<string, string> = {
  Mooring: '',
  Store: "declare const store: import('mooring').StateStore;",
  'Large values': `import { createStateStore } from 'mooring';
    import { redisMetastore } from 'mooring/redis';
    declare const client: import('ioredis').Redis;
    interface Found { key: string; size: number; modifiedAt: Date }
    interface Call { signal?: AbortSignal | undefined }
    declare const bucket: {
      put(key: string, bytes: Uint8Array, options: Call & { onlyNew: boolean }): Promise<boolean>;
      get(key: string, options: Call): Promise<Uint8Array | undefined>;
      delete(key: string, options: Call): Promise<void>;
      list(prefix: string, options: Call): AsyncIterable<Found>;
    };`,
  Streams: "declare const state: import('mooring').StateHandle;",
  Configuration: '',
  'External job': 'declare const url: string;',
  'In a BullMQ processor': `import type { ExternalJob } from 'mooring';
    interface Course { chapters: { id: string; video: string }[] }
    declare const store: import('mooring').StateStore;
    declare const reportJob: ExternalJob<{ fileId: string }, string, string>;
    declare const transcode: ExternalJob<string, string, string>;
    declare function upload(course: Course): Promise<string>;
    declare function publish(report: string, video: string | undefined): Promise<void>;`,
  'In a Temporal activity': `import type { ExternalJob, StateStore } from 'mooring';
    interface Course { id: string }
    declare const store: StateStore;
    declare const transcode: ExternalJob<string, string, string>;
    declare const reportJob: ExternalJob<{ fileId: string }, string, string>;
    declare const workflowsPath: string;
    declare function upload(course: Course): Promise<string>;`,
  Operators: "declare const store: import('mooring').StateStore;",
  'Clean-up': "declare const store: import('mooring').StateStore;",
  '`s3ObjectStore(options)`': '',
  '`gcsObjectStore(options)`': '',
  'Testing your processors': `import assert from 'node:assert/strict';
    declare const course: object;
    declare function publish(course: object, ctx: import('mooring').TaskContext): Promise<void>;`,
};

const FARM = `export interface Video { source: string }
  export declare const farm: {
    submit(video: Video, options: { token: string }): Promise<string>;
    status(id: string): Promise<import('mooring').JobStatus>;
    output(id: string): Promise<{ url: string }>;
  };`;

const COMPILER_OPTIONS = {
  module: 'nodenext',
  target: 'es2023',
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  types: ['node'],
};

let consumer: Consumer;
let programs: Map<string, string>;

beforeAll(async () => {
  consumer = await createConsumer();
  const temporal = ['activity', 'worker', 'workflow'].map((name) => `@temporalio/${name}`);
  for (const name of [...temporal, 'bullmq', 'ioredis', '@aws-sdk/client-s3', '@google-cloud/storage', '@types/node'])
    await consumer.add(name);
  programs = programsByHeading(await readFile(join(root, 'README.md'), 'utf8'));
  await mkdir(join(consumer.folder, 'readme'));
  await consumer.write('tsconfig.json', JSON.stringify({ compilerOptions: COMPILER_OPTIONS, include: ['readme'] }));
  await consumer.write('readme/farm.ts', FARM);
});

afterAll(() => consumer?.remove());

/** The blocks of TypeScript, joined under each heading. */
function programsByHeading(markdown: string): Map<string, string> {
  const found = new Map<string, string>();
  let heading = '';
  for (const [, title, code] of markdown.matchAll(/^#+ (.+)$|```ts\n([\s\S]*?)```/gm)) {
    if (title !== undefined) heading = title;
    else found.set(heading, (found.get(heading) ?? '') + code);
  }
  return found;
}

async function compile(): Promise<string> {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  return (await run(process.execPath, [tsc, '-p', '.'], { cwd: consumer.folder })).stdout;
}

test('every program of the README compiles', async () => {
  expect([...programs.keys()]).toEqual(Object.keys(LEFT_TO_THE_READER));
  for (const [heading, program] of programs) {
    await consumer.write(`readme/${heading.replace(/\W/g, '-')}.ts`, `${LEFT_TO_THE_READER[heading]}\n${program}\nexport {};`);
  }

  const wrong = await compile();

  expect(wrong).toBe('');
});

test('every codec of docs/codecs.md compiles', async () => {
  for (const name of ['lz4-napi', 'lzma-native', '@types/lzma-native', 'seek-bzip']) await consumer.add(name);
  const codecs = programsByHeading(await readFile(join(root, 'docs/codecs.md'), 'utf8'));
  for (const name of ['lz4', 'xz', 'bz2']) await consumer.write(`readme/${name}.ts`, codecs.get(name) ?? 'missing');

  const wrong = await compile();

  expect(wrong).toBe('');
});

test('a program that does not compile is seen', async () => {
  const program = programs.get('Mooring')?.replace('idempotentFor:', 'idempotentSince:') ?? '';
  await consumer.write('readme/wrong.ts', program);

  const wrong = await compile();

  expect(wrong).toContain('readme/wrong.ts');
});

test('the first program fits the first screen, with its imports and nothing left out', () => {
  const lines = programs.get('Mooring')?.trimEnd().split('\n') ?? [];

  expect(lines.length).toBeGreaterThanOrEqual(18);
  expect(lines.length).toBeLessThanOrEqual(22);
  expect(programs.get('Mooring')).not.toContain('…');
});
