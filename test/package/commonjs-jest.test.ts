import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../scripts/command.ts';
import { createConsumer, root, type Consumer } from './consumer.ts';

/** The line of docs/testing.md for users whose Jest runs CommonJS. */

jest.setTimeout(60_000);

const TEST = `
const { fakeClock, memoryStateStore, testTask } = require('mooring/testing');
test('a processor', async () => {
  const task = testTask(memoryStateStore({ clock: fakeClock() }));
  expect(await task.attempt((ctx) => ctx.state.getOrSet('step', async () => 1))).toBe(1);
});
`;

let consumer: Consumer;

beforeAll(async () => {
  consumer = await createConsumer();
  for (const name of ['jest', '@swc/core', '@swc/jest']) await consumer.add(name);
  await consumer.write('processor.test.cjs', TEST);
});

afterAll(() => consumer?.remove());

test('a test in CommonJS mode loads mooring with the line of docs/testing.md', async () => {
  const page = await readFile(join(root, 'docs/testing.md'), 'utf8');
  const line = /^ *(transformIgnorePatterns: .*),$/m.exec(page)?.[1];
  const settings = `testMatch: ['**/*.test.cjs'], transform: { '\\\\.[cm]?js$': ['@swc/jest', { module: { type: 'commonjs' } }] }`;
  await consumer.write('jest.config.cjs', `module.exports = { ${settings}, ${line} };`);

  const { code, stderr } = await run(process.execPath, ['node_modules/jest/bin/jest.js'], { cwd: consumer.folder });

  if (code !== 0) throw new Error(stderr);
  expect(stderr).toContain('1 passed');
});
