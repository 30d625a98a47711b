import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { provideServer, REFUSED } from '../../../scripts/servers/binary.ts';
import { serversNeeded } from '../../../scripts/servers/needs.ts';
import { provideServers, refusals } from '../../../scripts/servers/provide.ts';

/** Where the servers of the tests come from: PATH, the cache, or a build; and what is said where there is none. */

const before = { ...process.env };
let folder: string;
let said: string[];
const options = { progress: (line: string): void => void said.push(line) };

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mooring-test-servers-'));
  said = [];
  await mkdir(join(folder, 'bin'));
  process.env['PATH'] = [join(folder, 'bin'), '/usr/bin', '/bin'].join(':');
  process.env['XDG_CACHE_HOME'] = join(folder, 'cache');
  delete process.env[REFUSED];
});
afterEach(async () => {
  process.env = { ...before };
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
});

async function executable(name: string, script: string): Promise<string> {
  const file = join(folder, 'bin', name);
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
  return file;
}

describe('a server', () => {
  test('in PATH is taken unchanged', async () => {
    const file = await executable('toxiproxy-server', 'exit 0');

    expect(await provideServer('toxiproxy', options)).toBe(file);
    expect(said).toEqual([]);
  });

  test('that is missing is built once', async () => {
    await executable('go', 'echo "$@" >>"$0.log"; echo built >"$GOBIN/server"');

    const [one, other] = await Promise.all([1, 2].map(() => provideServer('toxiproxy', { ...options, background: true })));
    expect(one).toBe(other);
    expect(one).toMatch(/cache\/mooring\/go\/\w+-\w+\/toxiproxy@v2\.12\.0\/toxiproxy-server$/);
    expect(await readdir(dirname(dirname(one as string)))).toEqual(['toxiproxy@v2.12.0']);
    expect(await readdir(dirname(one as string))).toEqual(['toxiproxy-server']);
    expect(said.join('\n')).toMatch(/building github\.com\/Shopify\/toxiproxy\/v2\/cmd\/server@v2\.12\.0[^]*built in \d+ s/);

    await executable('go', 'exit 1');
    expect(await provideServer('toxiproxy', options)).toBe(one);
  });

  test('of Temporal is what its SDK downloads, else it is built', async () => {
    await executable('go', 'echo built >"$GOBIN/temporal"');
    const asked: string[] = [];
    const download = async (version: string, binary: string, into: string): Promise<boolean> => {
      asked.push(version);
      if (version === 'v1.8.2') return false;
      await writeFile(join(into, binary), 'downloaded');
      await chmod(join(into, binary), 0o755);
      return true;
    };
    const first = await provideServer('temporal', { ...options, download });

    const next = await provideServer('temporal-next', { ...options, download });

    expect(await readFile(first, 'utf8')).toBe('downloaded');
    expect(await readFile(next, 'utf8')).toBe('built\n');
    expect(asked).toEqual(['v1.5.1', 'v1.8.2']);
    expect(said.join('\n')).toMatch(/temporal: downloaded in \d+ s[^]*temporal-next: built in \d+ s/);
  });

  test.each([
    ['there is no Go', undefined, 'there is no Go on this machine'],
    ['Go fails', 'echo first >&2; echo "go: no network" >&2; exit 1', 'go install said: go: no network'],
  ])('that cannot be had, since %s: one sentence with each way to provide it', async (_why, go, reason) => {
    if (go === undefined) process.env['PATH'] = join(folder, 'bin');
    else await executable('go', go);
    for (const name of ['cat', 'rm', 'sleep']) await executable(name, `exec /bin/${name} "$@"`);

    const { minio } = refusals(await provideServers(['minio'], options));
    expect(minio).toContain(`(${reason})`);
    expect(minio).toMatch(/put minio into PATH, or put it at \S+\/minio@\S+\/minio, or install Go 1\.25\.8 or later/);
    expect(minio).not.toContain('\n');
    expect(await readdir(join(folder, 'cache'), { recursive: true })).toHaveLength(3);

    process.env[REFUSED] = JSON.stringify({ minio });
    said.length = 0;
    await expect(provideServer('minio', options)).rejects.toThrow(minio);
    expect(said).toEqual([]);
  });
});

test('a test needs the servers that it imports, also through what it imports', async () => {
  const file = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

  const needed = await serversNeeded([
    file('crash/servers-end.test.ts'),
    file('support/minio.ts'),
    file('unit/format/path.test.ts'),
  ]);

  expect([...needed.values()]).toEqual([['toxiproxy', 'versitygw', 'fake-gcs-server', 'minio'], ['minio'], []]);
});
