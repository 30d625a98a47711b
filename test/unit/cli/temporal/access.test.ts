import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { accessOf } from '../../../../src/cli/temporal/access.ts';

/** How a Temporal server is reached, by Temporal's own variables and file. */

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'mooring-temporal-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('access to Temporal', () => {
  test('is plain where nothing says otherwise', async () => {
    const access = await accessOf({ HOME: folder });

    expect([access.tls ?? false, access.apiKey, access.metadata ?? {}]).toEqual([false, undefined, {}]);
  });

  test('has the API key and the headers of the variables, with TLS', async () => {
    const access = await accessOf({ HOME: folder, TEMPORAL_API_KEY: 'key-1', TEMPORAL_GRPC_META_TENANT: 'blue' });

    expect(access).toEqual({ tls: true, apiKey: 'key-1', metadata: { tenant: 'blue' } });
  });

  test('has what a profile of a file says', async () => {
    const file = join(folder, 'temporal.toml');
    await writeFile(file, '[profile.prod]\napi_key = "key-2"\n[profile.prod.tls]\nserver_name = "temporal.example.com"\n');

    const access = await accessOf({ HOME: folder, TEMPORAL_CONFIG_FILE: file, TEMPORAL_PROFILE: 'prod' });

    expect(access).toMatchObject({ tls: { serverNameOverride: 'temporal.example.com' }, apiKey: 'key-2' });
  });

  test.each([
    ['a certificate that is not there', { TEMPORAL_TLS_CLIENT_CERT_PATH: '/nowhere/secret-1.pem' }],
    ['a profile that is not there', { TEMPORAL_PROFILE: 'secret-1' }],
  ])('names the variable of %s without its text', async (_name, variables) => {
    const error = await accessOf({ HOME: folder, ...variables }).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ code: 'mooring.config', option: Object.keys(variables)[0] });
    expect((error as Error).message + String((error as Error).cause)).not.toContain('secret-1');
  });
});
