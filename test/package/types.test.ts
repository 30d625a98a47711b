import { beforeAll, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { ensureBuilt } from '../../scripts/build.ts';
import { run } from '../../scripts/command.ts';
import { root } from './consumer.ts';

/** `test/types` and the examples against the built declarations, as a user's compiler sees them: in one program, which costs half. */

beforeAll(ensureBuilt);

test.each(['typescript', 'typescript-5.9'])(
  'programs of users compile, or are refused, as promised under %s',
  async (compiler) => {
    const tsc = join(root, 'node_modules', compiler, 'bin/tsc');

    const { stdout } = await run(process.execPath, [tsc, '-p', 'test/types'], { cwd: root });

    expect(stdout).toBe('');
  },
);
