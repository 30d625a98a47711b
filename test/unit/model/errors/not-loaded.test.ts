import { describe, expect, test } from '@jest/globals';
import { notLoaded } from '../../../../src/model/errors/not-loaded.ts';

/** What is told of a package that cannot be loaded, in the words of each loader. */

const NAME = '@aws-sdk/client-s3';
const failed = (code: string | undefined, message: string): Error => Object.assign(new Error(message), code && { code });

describe('a package that is not installed is told so', () => {
  test.each([
    ['Node 20, Bun 1.4', 'ERR_MODULE_NOT_FOUND', `Cannot find package '${NAME}' imported from /app/node_modules/mooring/a.js`],
    ['Deno 2.9', 'ERR_MODULE_NOT_FOUND', `Could not find package '${NAME}' from referrer 'file:///app/a.js'.`],
    ['Deno 2.9, of the program', 'ERR_MODULE_NOT_FOUND', `Import "${NAME}" not a dependency`],
    ['require()', 'MODULE_NOT_FOUND', `Cannot find module '${NAME}'\nRequire stack:\n- /app/a.cjs`],
    [
      'Yarn 4.18',
      'MODULE_NOT_FOUND',
      `mooring tried to access ${NAME} (a peer dependency) but it isn't provided by your application`,
    ],
    ['Yarn 4.18, of the program', 'MODULE_NOT_FOUND', `Your application tried to access ${NAME}, but it isn't declared`],
  ])('%s', (_loader, code, message) => {
    const error = notLoaded(failed(code, message), NAME, 'path');

    expect(error.message).toBe(`path needs the package ${NAME}, which is not installed: npm install ${NAME}`);
  });
});

describe('a package that breaks is not taken for a missing one', () => {
  test.each([
    ['lacks another', 'ERR_MODULE_NOT_FOUND', `Cannot find package 'tslib' imported from /app/node_modules/${NAME}/a.js`],
    ['lacks another, under Yarn', 'MODULE_NOT_FOUND', `${NAME} tried to access tslib, but it isn't declared`],
    ['is too new', 'ERR_REQUIRE_ESM', `require() of ES Module /app/node_modules/${NAME}/a.js not supported`],
  ])('one that %s', (_why, code, message) => {
    const error = notLoaded(failed(code, message), NAME, 'path');

    expect(error.message).toBe(`path needs the package ${NAME}, which cannot be loaded (${code}): npm install ${NAME}`);
  });

  test('one that says no code is quoted by its first line', () => {
    const error = notLoaded(failed(undefined, 'no binary\nfor this machine'), NAME, 'path');

    expect(error.message).toContain('which cannot be loaded (no binary)');
  });
});
