import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../scripts/command.ts';
import { NEWEST_SDK, sdkFolder, type SdkOptions } from '../../scripts/temporal/sdk.ts';
import { startTemporal, type TemporalServer } from '../support/temporal.ts';

/** What docs/temporal.md says of several copies of protobufjs in Temporal's SDK, as npm installs it. No code of ours runs here. */

const PROGRAM = `
import { Client, Connection } from '@temporalio/client';
import { ExternalStorage } from '@temporalio/common';
const driver = { name: 'any', type: 'any', store: async (_, payloads) => payloads.map(() => ({ claimData: {} })), retrieve: async () => [] };
const externalStorage = new ExternalStorage({ drivers: [driver], payloadSizeThreshold: 1 });
const connection = await Connection.connect({ address: process.argv[2] });
const { workflow } = new Client({ connection, dataConverter: { externalStorage } });
const { workflowId } = await workflow.start('any', { taskQueue: 'q', workflowId: 'id' + Math.random(), args: ['large'] });
console.log('started ' + workflowId.slice(0, 2));
`;

let server: TemporalServer;
beforeAll(async () => {
  server = await startTemporal();
});
afterAll(() => server?.stop());

async function startWith(options: SdkOptions): Promise<{ stdout: string; stderr: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'mooring-test-protobufjs-'));
  try {
    await symlink(await sdkFolder(NEWEST_SDK, { packages: ['client', 'common'], ...options }), join(folder, 'node_modules'));
    await writeFile(join(folder, 'program.mjs'), PROGRAM);
    return await run(process.execPath, [join(folder, 'program.mjs'), server.address]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe(`external storage with Temporal's SDK ${NEWEST_SDK}`, () => {
  test('is the SDK of the checkout', () => {
    const { version } = createRequire(import.meta.url)('@temporalio/common/package.json') as { version: string };
    expect(version).toBe(NEWEST_SDK);
  });

  test('as npm installs it stores nothing: its copies of protobufjs do not understand one another', async () => {
    const { stdout, stderr } = await startWith({});

    expect(stderr).toContain('TypeError: type must be a Type');
    expect(stdout).toBe('');
  });

  test('stores with protobufjs 8 in the same process', async () => {
    const { stdout, stderr } = await startWith({ beside: { protobufjs: '^8.7.1' } });

    expect(stderr).toBe('');
    expect(stdout).toBe('started id\n');
  });
});
