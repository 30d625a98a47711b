import { describe, expect, test } from '@jest/globals';
import { inspect } from 'node:util';
import { configFromEnv } from '../../../src/config/environment.ts';
import { refusals } from '../../support/refusals.ts';

const REDIS = { MOORING_REDIS: 'redis://localhost:6379/0' };

describe('a configuration from the environment', () => {
  test('has what each variable says', () => {
    const config = configFromEnv({
      ...REDIS,
      MOORING_PATH: 's3://reports@bucket/job-state/',
      MOORING_FORMER_PATHS: 'file:///srv/state, gs://old/state/\n s3://other/',
      MOORING_ALIASES: 'archive=gs://old/state/',
      MOORING_NAMESPACE: 'prod',
      MOORING_OFFLOAD_THRESHOLD: '0',
      MOORING_MAX_VALUE_BYTES: '1048576',
      MOORING_CODEC: 'snappy',
      MOORING_RETENTION: 'forever',
      MOORING_COMMAND_TIMEOUT: '1.5s',
      MOORING_CONNECTION_REPORTS: '{"region":"eu-central-1"}',
      PATH: '/usr/bin',
    });

    expect(config).toEqual({
      redis: 'redis://localhost:6379/0',
      path: 's3://reports@bucket/job-state/',
      formerPaths: ['file:///srv/state', 'gs://old/state/', 's3://other/'],
      aliases: { archive: 'gs://old/state/' },
      namespace: 'prod',
      offloadThreshold: 0,
      maxValueBytes: 1_048_576,
      codec: 'snappy',
      retention: 'forever',
      commandTimeout: '1.5s',
      connections: { reports: { region: 'eu-central-1' } },
    });
  });

  test('leaves out what is not set, or empty', () => {
    expect(configFromEnv({ ...REDIS, MOORING_PATH: '', MOORING_CODEC: ' ', MOORING_MISSPELT: '' })).toEqual({
      redis: 'redis://localhost:6379/0',
    });
  });

  test('keeps user and password out of the address', () => {
    const expected = { redis: 'redis://cache:6379/0', redisCredentials: { username: 'worker', password: 'hunter2' } };

    expect(configFromEnv({ MOORING_REDIS: 'redis://worker:hunter2@cache' })).toEqual(expected);
    expect(
      configFromEnv({ MOORING_REDIS: 'redis://cache', MOORING_REDIS_USERNAME: 'worker', MOORING_REDIS_PASSWORD: 'hunter2' }),
    ).toEqual(expected);
  });

  test('shows no credential to a console, a log or JSON, also when it was copied', () => {
    const config = configFromEnv({
      MOORING_REDIS: 'rediss://worker:hunter2@cache',
      MOORING_PATH: 's3://reports@bucket/',
      MOORING_CONNECTION_REPORTS: '{"credentials":{"accessKeyId":"AKIAIOSFODNN7","secretAccessKey":"wJalrXUtnFEMI"}}',
    });

    for (const one of [config, { ...config, formerPaths: [], redisOptions: { tls: {} } }]) {
      const shown = inspect(one, { depth: 10, showHidden: true }) + JSON.stringify(one);
      expect(shown).toContain('[redacted: credentials]');
      expect(shown).toContain('[redacted: username, password]');
      expect(shown).not.toMatch(/hunter2|AKIAIOSFODNN7|wJalrXUtnFEMI/);
    }
    expect(config.connections?.['reports']).toMatchObject({ credentials: { secretAccessKey: 'wJalrXUtnFEMI' } });
  });

  test('is not troubled by what Kubernetes sets for a service whose name begins with mooring', () => {
    const config = configFromEnv({
      ...REDIS,
      MOORING_SERVICE_HOST: '10.0.0.1',
      MOORING_SERVICE_PORT: '80',
      MOORING_SERVICE_PORT_HTTP: '80',
      MOORING_PORT: 'tcp://10.0.0.1:80',
      MOORING_PORT_80_TCP: 'tcp://10.0.0.1:80',
      MOORING_PORT_80_TCP_PROTO: 'tcp',
      MOORING_REDIS_SERVICE_HOST: '10.0.0.2',
      MOORING_REDIS_PORT: 'tcp://10.0.0.2:6379',
      MOORING_REDIS_PORT_6379_TCP_ADDR: '10.0.0.2',
    });

    expect(config).toEqual({ redis: REDIS.MOORING_REDIS });
  });

  const given = (variables: Record<string, string>) => () => configFromEnv({ ...REDIS, ...variables });
  refusals([
    ['no Redis', () => configFromEnv({}), 'MOORING_REDIS', /must be set/],
    ['a Redis that is none', given({ MOORING_REDIS: 'localhost' }), 'MOORING_REDIS', /must be redis:/],
    [
      'two passwords',
      given({ MOORING_REDIS: 'redis://:a@b', MOORING_REDIS_PASSWORD: 'c' }),
      'MOORING_REDIS_PASSWORD',
      /says it too/,
    ],
    ['a variable that is misspelt', given({ MOORING_TRESHOLD: '1' }), 'MOORING_TRESHOLD', /MOORING_OFFLOAD_THRESHOLD/],
    ['a path that is none', given({ MOORING_PATH: '/srv' }), 'MOORING_PATH', /must be s3:/],
    ['a former path that is none', given({ MOORING_FORMER_PATHS: 's3://b-1/ /srv' }), 'MOORING_FORMER_PATHS[1]', /must be s3:/],
    ['an alias without a path', given({ MOORING_ALIASES: 'archive' }), 'MOORING_ALIASES[0]', /name=path/],
    [
      'C32 a threshold in other words',
      given({ MOORING_OFFLOAD_THRESHOLD: '64KiB' }),
      'MOORING_OFFLOAD_THRESHOLD',
      /received "64KiB"/,
    ],
    ['C32 a negative threshold', given({ MOORING_OFFLOAD_THRESHOLD: '-1' }), 'MOORING_OFFLOAD_THRESHOLD', /whole number/],
    ['a limit of 0', given({ MOORING_MAX_VALUE_BYTES: '0' }), 'MOORING_MAX_VALUE_BYTES', /at least 1/],
    ['C45 an unknown codec', given({ MOORING_CODEC: 'bz2' }), 'MOORING_CODEC', /gzip, snappy, brotli/],
    ['a namespace that is none', given({ MOORING_NAMESPACE: 'a/b' }), 'MOORING_NAMESPACE', /letters/],
    ['C55 a retention of 0', given({ MOORING_RETENTION: '0s' }), 'MOORING_RETENTION', /above 0/],
    ['C54 a negative retention', given({ MOORING_RETENTION: '-1d' }), 'MOORING_RETENTION', /with its unit/],
    ['a retention without a unit', given({ MOORING_RETENTION: '30' }), 'MOORING_RETENTION', /with its unit.*'forever'/],
    ['a timeout without a unit', given({ MOORING_COMMAND_TIMEOUT: '10' }), 'MOORING_COMMAND_TIMEOUT', /with its unit/],
    ['a connection that is no object', given({ MOORING_CONNECTION_A: '["x"]' }), 'MOORING_CONNECTION_A', /JSON object/],
    ['an ID that is none', given({ MOORING_CONNECTION_1: '{}' }), 'MOORING_CONNECTION_1', /is not a variable/],
  ]);

  test('refuses JSON that is broken without a word of it', () => {
    let error: unknown;
    try {
      configFromEnv({ ...REDIS, MOORING_CONNECTION_A: '{"secretAccessKey":"wJalrXUtnFEMI"' });
    } catch (caught) {
      error = caught;
    }

    expect(error).toMatchObject({ code: 'mooring.config', option: 'MOORING_CONNECTION_A' });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('wJalr');
  });
});
