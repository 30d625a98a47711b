import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTick } from 'node:timers/promises';
import { inspect } from 'node:util';
import { configFromEnv } from '../../../src/config/environment.ts';
import { openWith } from '../../../src/config/config.ts';
import { notLoaded } from '../../../src/model/errors/not-loaded.ts';
import type { Packages } from '../../../src/config/clients/packages.ts';
import type { StoreConfig } from '../../../src/config/store-config.ts';
import { internalsOf } from '../../../src/state-store/internals.ts';
import { refusals, wrong } from '../../support/refusals.ts';

const redis = 'redis://localhost:1/0';
const connections = { reports: { region: 'eu-central-1' }, 'on-site': { endpoint: 'http://minio:9000' } };

let folder: string;
/** What happened to clients, in order. */
let events: string[];
let made: { name: string; options: object }[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mooring-config-'));
});

afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));

beforeEach(() => {
  events = [];
  made = [];
});

/** Packages whose clients only say what becomes of them. */
function packages(missing?: string): Packages {
  const loaded = async (name: string, option: string, classes: object): Promise<never> => {
    const error = Object.assign(new Error(`Cannot find package '${name}'`), { code: 'ERR_MODULE_NOT_FOUND' });
    if (name === missing) throw notLoaded(error, name, option);
    events.push(`load ${name}`);
    return classes as never;
  };
  const kept = (name: string, options: object): void => {
    made.push({ name, options });
  };
  class Redis {
    status = 'ready';
    options = { protocol: 3 };
    constructor(options: object) {
      if ('host' in options || 'nodes' in options) kept('redis', options);
    }
    on = (): void => undefined;
    call = async (): Promise<void> => undefined;
    callBuffer = this.call;
    async quit(): Promise<void> {
      events.push('quit redis');
      this.status = 'end';
    }
    disconnect(): void {
      events.push('disconnect redis');
    }
  }
  class Cluster extends Redis {
    constructor(nodes: readonly object[], options: object) {
      super({ nodes, ...options });
    }
  }
  class S3Client {
    constructor(options: object) {
      kept('s3', options);
    }
    send = async (): Promise<void> => undefined;
    destroy = (): void => void events.push('destroy s3');
  }
  class Storage {
    constructor(options: object) {
      kept('gcs', options);
    }
    bucket = (name: string): object => ({
      name,
      storage: { apiEndpoint: '' },
      file: () => ({}),
      getFiles: async () => [[]],
    });
  }
  return {
    ioredis: (option) => loaded('ioredis', option, { Redis, Cluster }),
    '@aws-sdk/client-s3': (option) => loaded('@aws-sdk/client-s3', option, { S3Client }),
    '@google-cloud/storage': (option) => loaded('@google-cloud/storage', option, { Storage }),
  };
}

function open(config: Omit<StoreConfig, 'redis'> & { redis?: string }, missing?: string, env: Record<string, string> = {}) {
  return openWith({ redis, ...config }, packages(missing), env);
}

function optionsOf(name: string): object[] {
  return made.filter((client) => client.name === name).map(({ options }) => options);
}

describe('a store from addresses', () => {
  test('loads what the addresses name and nothing else', async () => {
    await using store = await open({});

    expect(events).toEqual(['load ioredis']);
    expect([...internalsOf(store).locations.keys()]).toEqual([]);
  });

  test('I10 records what a store in code would record for the same place', async () => {
    await using store = await open({
      path: 's3://reports@bucket/job-state',
      formerPaths: ['s3://bucket-2/', 'gs://bucket/state/', `file://${folder}/`, 's3://reports@copied/'],
      aliases: { archive: 's3://reports@copied' },
      connections,
    });

    const core = internalsOf(store);

    expect(core.objectStore?.alias).toBe('s3:bucket/job-state/');
    expect([...core.locations.keys()]).toEqual([
      's3:bucket/job-state/',
      's3:bucket-2/',
      'gs:bucket/state/',
      `file:${folder}`,
      'archive',
    ]);
  });

  test('makes one client for each connection, with its options', async () => {
    await using _store = await open({
      path: 's3://reports@bucket/a/',
      formerPaths: ['s3://Reports@bucket/b/', 's3://bucket/c/', 'gs://reports@bucket/a/', 'gs://reports@bucket/b/'],
      connections,
    });

    expect(optionsOf('s3')).toEqual([{ region: 'eu-central-1' }, {}]);
    expect(optionsOf('gcs')).toEqual([{ region: 'eu-central-1' }]);
  });

  test('speaks to another S3 than Amazon as those can take it, unless the connection says how', async () => {
    const usual = {
      forcePathStyle: true,
      region: 'us-east-1',
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    };
    const own = { endpoint: 'http://r2', region: 'auto', forcePathStyle: false, requestChecksumCalculation: 'WHEN_SUPPORTED' };
    await using _1 = await open({ path: 's3://on_site@bucket/', connections });
    await using _2 = await open({ path: 's3://own@bucket/', connections: { own } });
    await using _3 = await open({ path: 's3://bucket/' }, undefined, {
      AWS_ENDPOINT_URL: 'http://minio:9000',
      AWS_REGION: 'here',
    });

    expect(optionsOf('s3')).toEqual([
      { endpoint: 'http://minio:9000', ...usual },
      { ...usual, ...own },
      { ...usual, region: undefined },
    ]);
  });

  test('keeps from the client what a connection says to the store', async () => {
    const sse = { region: 'eu-central-1', serverSideEncryption: { kind: 'aws:kms' }, partSize: 5 * 2 ** 20 };
    await using _store = await open({ path: 's3://sse@bucket/', connections: { sse } });

    expect(optionsOf('s3')).toEqual([{ region: 'eu-central-1' }]);
    await expect(open({ path: 's3://sse@bucket/', connections: { sse: { partSize: 1 } } })).rejects.toMatchObject({
      code: 'mooring.config',
      option: 'connections.sse.partSize',
    });
  });

  test('gives Redis what the address says', async () => {
    await using _1 = await open({ redis: 'rediss://worker:hunter2@cache:7000/3', redisOptions: { tls: { ca: 'own' } } });
    await using _2 = await open({ redis: 'redis+cluster://node:7000', redisOptions: { password: 'hunter2' } });

    expect(optionsOf('redis')).toEqual([
      expect.objectContaining({ host: 'cache', port: 7000, db: 3, username: 'worker', password: 'hunter2', tls: { ca: 'own' } }),
      {
        nodes: [{ host: 'node', port: 7000 }],
        lazyConnect: true,
        redisOptions: expect.objectContaining({ password: 'hunter2', maxRetriesPerRequest: 5, socketTimeout: 11_000 }),
      },
    ]);
    expect(optionsOf('redis')[0]).toMatchObject({ lazyConnect: true, maxRetriesPerRequest: 5, enableAutoPipelining: false });
  });

  test.each<[string, Record<string, string>]>([
    ['the address', { MOORING_REDIS: 'rediss://worker:hunter2@cache' }],
    [
      'variables of their own',
      { MOORING_REDIS: 'rediss://cache', MOORING_REDIS_USERNAME: 'worker', MOORING_REDIS_PASSWORD: 'hunter2' },
    ],
  ])('keeps user and password of %s where options are added to what the environment says', async (_where, env) => {
    await using _1 = await open({ ...configFromEnv(env), redisOptions: { tls: { ca: 'own' } } });
    await using _2 = await open({ ...configFromEnv(env), redisOptions: { password: 'rotated' } });

    expect(optionsOf('redis')).toEqual([
      expect.objectContaining({ host: 'cache', username: 'worker', password: 'hunter2', tls: { ca: 'own' } }),
      expect.objectContaining({ username: 'worker', password: 'rotated', tls: {} }),
    ]);
  });

  test('closes its clients once, after what was in flight', async () => {
    const store = await open({ path: 's3://bucket/' });
    events = [];
    const flight = internalsOf(store).track(async () => {
      await nextTick();
      events.push('in flight');
    });
    await Promise.all([store.close(), store.close(), flight]);
    await store[Symbol.asyncDispose]();

    expect(events).toEqual(['in flight', 'destroy s3', 'quit redis']);
  });

  test('leaves no client open where a later step fails', async () => {
    await expect(open({ path: 's3://bucket/', formerPaths: ['gs://bucket/'] }, '@google-cloud/storage')).rejects.toThrow();
    await expect(open({ path: 's3://bucket/', codec: wrong('bz2') })).rejects.toThrow(/codec/);

    expect(events.filter((event) => !event.startsWith('load'))).toEqual(['destroy s3', 'destroy s3', 'quit redis']);
  });

  test('checks everything before the first package is loaded', async () => {
    for (const config of [
      { path: '/srv' },
      { formerPaths: ['x'] },
      { redis: 'x' },
      { connections: { a: 1 } },
      { commandTimeout: 0 },
    ]) {
      await expect(open(wrong(config))).rejects.toMatchObject({ code: 'mooring.config' });
    }

    expect(events).toEqual([]);
  });

  test('takes a path that is named twice for one', async () => {
    await using store = await open({
      path: 's3://reports@bucket/a/',
      formerPaths: ['s3://reports@bucket/a', 's3://bucket/b/', 's3://bucket/b/'],
      connections,
    });

    expect([...internalsOf(store).locations.keys()]).toEqual(['s3:bucket/a/', 's3:bucket/b/']);
  });

  refusals([
    ['an option that there is not', () => open(wrong({ metastore: {} })), 'metastore', /is not an option \(there are: redis,/],
    ['no package of Redis', () => open({}, 'ioredis'), 'redis', /npm install ioredis/],
    ['no package of S3', () => open({ path: 's3://bucket/' }, '@aws-sdk/client-s3'), 'path', /npm install @aws-sdk\/client-s3/],
    [
      'no package of Google',
      () => open({ formerPaths: ['gs://bucket/'] }, '@google-cloud/storage'),
      'formerPaths[0]',
      /npm install @google-cloud\/storage/,
    ],
    [
      'a connection that is not declared',
      () => open({ path: 's3://report@bucket/', connections }),
      'path',
      /declared: reports, on-site\), received "report"/,
    ],
    ['a connection where none is', () => open({ path: 's3://a@bucket/' }), 'path', /declared: none/],
    ['an ID that is none', () => open({ connections: { '1': {} } }), 'connections', /IDs/],
    ['one ID twice', () => open({ connections: { 'a-b': {}, A_B: {} } }), 'connections.A_B', /the same as a-b/],
    ['options that are none', () => open({ connections: wrong({ a: 'x' }) }), 'connections.a', /object/],
    ['connections that are none', () => open({ connections: wrong([]) }), 'connections', /object/],
    ['options of Redis that are none', () => open({ redisOptions: wrong('x') }), 'redisOptions', /object/],
    ['credentials that are none', () => open({ redisCredentials: wrong('x') }), 'redisCredentials', /object/],
    ['a password that is none', () => open({ redisCredentials: wrong({ password: 7 }) }), 'redisCredentials.password', /a text$/],
    [
      'a credential that there is not',
      () => open({ redisCredentials: wrong({ user: 'x' }) }),
      'redisCredentials.user',
      /username, password/,
    ],
    ['former paths that are none', () => open({ formerPaths: wrong('s3://bucket/') }), 'formerPaths', /array/],
    ['aliases that are none', () => open({ aliases: wrong(['a']) }), 'aliases', /object/],
    ['an alias of no path', () => open({ aliases: { a: 's3://bucket/' } }), 'aliases.a', /one of formerPaths/],
    [
      'two aliases of one path',
      () => open({ path: 's3://bucket/', aliases: { a: 's3://bucket/', b: 's3://bucket' } }),
      'aliases.b',
      /second name/,
    ],
    [
      'two places of one name',
      () => open({ path: 's3://reports@bucket/', formerPaths: ['s3://on-site@bucket/'], connections }),
      'formerPaths[0]',
      /recorded as path is/,
    ],
    ['a folder that cannot be', () => open({ path: 'file:///dev/null/state' }), 'path', /folder that can be used/],
  ]);

  test('keeps what is secret out of every error', async () => {
    const secret = { a: { secretAccessKey: 'wJalrXUtnFEMI' } };
    const failures = [
      open({ path: 's3://b@bucket/', connections: secret }),
      open({ redis: 'redis://:wJalrXUtnFEMI@cache', path: 's3://a@bucket/', connections: secret }, '@aws-sdk/client-s3'),
    ];

    for (const failure of failures) {
      const error = await failure.catch((caught: unknown) => caught);
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('wJalr');
    }
  });
});
