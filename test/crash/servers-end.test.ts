import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { isAlive } from '../support/alive.ts';
import { startFakeGcs } from '../support/fake-gcs.ts';
import { startMinio } from '../support/minio.ts';
import { startRedis } from '../support/redis.ts';
import { startToxiproxy } from '../support/toxiproxy.ts';
import { until } from '../support/until.ts';
import { startVersityGateway } from '../support/versitygw.ts';

/** Servers of tests, and commands that are kept, end with the process that started them, however it ends. */

let scratch: string;
const parents: ChildProcess[] = [];

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'mooring-test-ends-'));
});
afterEach(async () => {
  for (const parent of parents.splice(0)) parent.kill('SIGKILL');
  await rm(scratch, { recursive: true, force: true, maxRetries: 10 });
});

/** Runs a module's text in a process whose temporary folders lie in `scratch`, and gives it with the first line that it says. */
async function program(text: string): Promise<{ parent: ChildProcess; line: string }> {
  const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', text], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: scratch, NODE_OPTIONS: '' },
  });
  parents.push(parent);
  const [line] = (await once(createInterface(parent.stdout as NodeJS.ReadableStream), 'line')) as [string];
  return { parent, line };
}

describe.each([
  ['redis.ts', startRedis],
  ['minio.ts', startMinio],
  ['versitygw.ts', startVersityGateway],
  ['fake-gcs.ts', startFakeGcs],
  ['toxiproxy.ts', startToxiproxy],
])('%s', (file, start) => {
  test('ends with the process that started it, without leaving a folder', async () => {
    const { parent, line } = await program(`
      import { ${start.name} } from '${new URL(`../support/${file}`, import.meta.url).href}';
      const { pid } = await ${start.name}();
      console.log(pid);
      setInterval(() => {}, 1_000);
    `);
    const folders = async (): Promise<string[]> => (await readdir(scratch)).filter((name) => name.startsWith('mooring-'));

    expect(isAlive(Number(line))).toBe(true);
    expect(await folders()).not.toEqual([]);

    parent.kill('SIGKILL');

    await until(async () => !isAlive(Number(line)) && (await folders()).length === 0);
  });

  test('that is stopped by a signal can be ended', async () => {
    const server = await start();
    process.kill(server.pid, 'SIGSTOP');

    await server.stop();

    expect(isAlive(server.pid)).toBe(false);
  });
});

describe('a kept command', () => {
  const KEPT = new URL('../../scripts/kept.ts', import.meta.url).href;

  test('ends with all its processes when we die', async () => {
    const folder = join(scratch, 'folder');
    await mkdir(folder);
    const { parent, line } = await program(`
      import { runKept } from '${KEPT}';
      const command = ['sh', '-c', 'sleep 60 & echo $! $$; wait'];
      await runKept({ command, env: process.env, folder: ${JSON.stringify(folder)}, output: 'shown' });
    `);
    const pids = line.split(' ').map(Number);

    expect(pids.map(isAlive)).toEqual([true, true]);

    parent.kill('SIGKILL');

    await until(() => !pids.some(isAlive) && !existsSync(folder));
  });

  test('that has ended leaves its folder to the caller', async () => {
    const folder = join(scratch, 'folder');
    await mkdir(folder);

    const { line } = await program(`
      import { runKept } from '${KEPT}';
      const run = (...command) => runKept({ command, env: process.env, folder: ${JSON.stringify(folder)}, output: 'quiet' });
      console.log(JSON.stringify([await run('sh', '-c', 'echo told >&2; exit 3'), await run('no-such-command'), await run('true')]));
    `);

    expect(JSON.parse(line)).toMatchObject([{ code: 3, stderr: 'told\n' }, { code: 127 }, { code: 0 }]);
    expect(existsSync(folder)).toBe(true);
  });
});
