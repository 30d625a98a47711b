import { beforeAll, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { ensureBuilt } from '../../scripts/build.ts';
import { run } from '../../scripts/command.ts';
import { root } from './consumer.ts';

/** `test/types` against the built declarations, as a user's compiler sees them. */

beforeAll(ensureBuilt);

test.each(['typescript', 'typescript-5.9'])('the types infer and refuse as promised under %s', async (compiler) => {
  const tsc = join(root, 'node_modules', compiler, 'bin/tsc');

  const { stdout } = await run(process.execPath, [tsc, '-p', 'test/types'], { cwd: root });

  expect(stdout).toBe('');
});

test.each(['typescript', 'typescript-5.9'])('the examples compile under %s', async (compiler) => {
  const tsc = join(root, 'node_modules', compiler, 'bin/tsc');

  const { stdout } = await run(process.execPath, [tsc, '-p', 'examples'], { cwd: root });

  expect(stdout).toBe('');
});
