import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../scripts/command.ts';
import { createConsumer, root, type Consumer } from './consumer.ts';

/** What docs/adding-an-object-store.md tells a person to do, done in an empty project: without Jest, and without any client. */

const COMPILER_OPTIONS = { module: 'nodenext', target: 'es2023', strict: true, skipLibCheck: true, types: ['node'] };

let consumer: Consumer;

beforeAll(async () => {
  consumer = await createConsumer();
  await consumer.add('@types/node');
  const guide = await readFile(join(root, 'docs/adding-an-object-store.md'), 'utf8');
  for (const [, name = '', code = ''] of guide.matchAll(/```ts\n\/\/ (\S+)\n([\s\S]*?)```/g)) await consumer.write(name, code);
  await consumer.write('tsconfig.json', JSON.stringify({ compilerOptions: COMPILER_OPTIONS, include: ['toy-store.test.ts'] }));
});

afterAll(() => consumer?.remove());

test('the store of the guide passes the contract under node:test', async () => {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  expect((await run(process.execPath, [tsc, '-p', '.'], { cwd: consumer.folder })).stdout).toBe('');

  const { stdout } = await run(process.execPath, ['--test', '--test-reporter=tap', 'toy-store.test.js'], {
    cwd: consumer.folder,
  });

  expect(stdout).toMatch(/^# fail 0$/m);
  expect(Number(/^# pass (\d+)$/m.exec(stdout)?.[1])).toBeGreaterThan(70);
});
