import { describe, expect, test } from '@jest/globals';
import { ConfigError } from '../../../../src/index.ts';
import { Interruption } from '../../../../src/cli/interruption.ts';
import type { Tools } from '../../../../src/cli/tools.ts';
import { memoryStateStore } from '../../../../src/testing.ts';
import { runCommand, type Ran } from '../../../support/command.ts';

/** `mooring board`, by what a person sees of it. The server itself is tested in `test/unit/board` and `test/integration`. */

const ENV = { MOORING_REDIS: 'redis://cache' };
const URL = 'http://127.0.0.1:4000/#token';

/** Runs it until it serves, then as long as Ctrl-C takes. */
async function served(args: readonly string[], { local = true } = {}): Promise<Ran & { asked: unknown[] }> {
  const asked: unknown[] = [];
  const stop = new AbortController();
  const serveBoard: Tools['serveBoard'] = async (_store, { signal, ...options }) => {
    asked.push(options);
    queueMicrotask(() => stop.abort(new Interruption('SIGINT')));
    return { url: URL, local, ended: new Promise((resolve) => signal.addEventListener('abort', () => resolve())) };
  };
  const tools = { open: async () => memoryStateStore(), serveBoard };
  return { ...(await runCommand(['board', ...args], { env: ENV, tools, signal: stop.signal })), asked };
}

describe('mooring board', () => {
  test('prints where the page is', async () => {
    const { code, stdout, stderr, asked } = await served([]);

    expect({ code, stdout, stderr }).toEqual({
      code: 130,
      stdout: `${URL}\n`,
      stderr: 'mooring: interrupted: the page is served no more\n',
    });
    expect(asked).toEqual([{ port: 0, host: '127.0.0.1', origins: [], allowChanges: false }]);
  });

  test('takes where to listen', async () => {
    const { asked } = await served([
      '--port',
      '8080',
      '--host',
      '::1',
      '--origin',
      'https://ops.example.com/board',
      '--allow-changes',
    ]);

    expect(asked).toEqual([{ port: 8080, host: '::1', origins: ['https://ops.example.com'], allowChanges: true }]);
  });

  test('prints the address as JSON', async () => {
    const { stdout } = await served(['--json']);

    expect(JSON.parse(stdout.split('\n')[0] ?? '')).toEqual({ command: 'board', url: URL });
  });

  test('warns if other machines reach it', async () => {
    expect((await served(['--host', '0.0.0.0'], { local: false })).stderr).toContain('without encryption');
  });

  test.each([
    [['--port', '70000'], /--port must be a whole number/],
    [['--port', 'http'], /--port must be a whole number/],
    [['--origin', 'ops.example.com'], /--origin must be an address/],
    [['now'], /"now" is no flag/],
  ])('%j is a mistake of the caller', async (args, said) => {
    const { code, stderr } = await runCommand(['board', ...args], { env: ENV });

    expect(code).toBe(2);
    expect(stderr).toMatch(said);
  });

  test('says which flag names a port that is taken', async () => {
    const serveBoard = async (): Promise<never> => {
      throw new ConfigError('port', 'cannot be used (EADDRINUSE)', 80);
    };
    const tools = { open: async () => memoryStateStore(), serveBoard };

    const { code, stderr } = await runCommand(['board', '--port', '80'], { env: ENV, tools });

    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('--port cannot be used (EADDRINUSE)') });
  });
});
