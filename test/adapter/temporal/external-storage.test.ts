import { randomBytes, randomUUID } from 'node:crypto';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Context } from '@temporalio/activity';
import { Client, type WorkflowHandle } from '@temporalio/client';
import { ExternalStorage, type DataConverter, type Workflow } from '@temporalio/common';
import { externalStorageDriver, type ExternalStorageOptions } from '../../../adapters/temporal/external-storage/index.ts';
import type { ObjectStore } from '../../../src/index.ts';
import { s3ObjectStore } from '../../../src/s3.ts';
import { memoryObjectStore } from '../../../src/testing.ts';
import { startMinio, type S3Server } from '../../support/minio.ts';
import { until } from '../../support/until.ts';
import { temporalRig, type TemporalRig } from './rig.ts';
import type { Step } from './workflows.ts';

/** Payloads of a real server's workflows in an object store, and what is left of them while the store is down. */

const TEXT = randomBytes(3 * 2 ** 18).toString('base64');
const LARGE = TEXT.slice(0, 2 ** 19);
const TOO_LARGE = TEXT.repeat(4);

let rig: TemporalRig;
beforeAll(async () => {
  rig = await temporalRig();
});
afterAll(() => rig.stop());

function converter(options: ExternalStorageOptions): DataConverter {
  return {
    externalStorage: new ExternalStorage({ drivers: [externalStorageDriver({ random: () => 0, timeout: '2s', ...options })] }),
  };
}

function start(taskQueue: string, dataConverter: DataConverter, step: Step): Promise<WorkflowHandle> {
  const { connection } = rig.client;
  return new Client({ connection, dataConverter }).workflow.start<Workflow>('steps', {
    taskQueue,
    workflowId: randomUUID(),
    args: [step],
  });
}

/** A store that is up or down. */
function fragile(): { objectStore: ObjectStore; up: boolean; refused: number } {
  const memory = memoryObjectStore();
  const state = {
    up: true,
    refused: 0,
    objectStore: {
      ...memory,
      put: (...call: Parameters<ObjectStore['put']>) => {
        if (state.up) return memory.put(...call);
        state.refused += 1;
        return Promise.reject(new Error('connection refused'));
      },
    },
  };
  return state;
}

describe('an argument and a result of 1 MiB', () => {
  let minio: S3Server;
  beforeAll(async () => {
    minio = await startMinio();
  });
  afterAll(() => minio.stop());

  /** Two processes: each has a driver of its own. */
  async function round(
    options: (bucket: string) => Partial<ExternalStorageOptions>,
  ): Promise<{ requests: string[]; keys: string[] }> {
    const bucket = await minio.bucket();
    const requests: string[] = [];
    const own = (): DataConverter => {
      const client = minio.client();
      client.middlewareStack.add(
        (next, context) => (args) => {
          requests.push(String(context['commandName']));
          return next(args);
        },
        { step: 'finalizeRequest' },
      );
      return converter({ objectStore: s3ObjectStore({ client, bucket }), ...options(bucket) });
    };
    const worker = own();
    const activities = { echo: async (text: string) => text };
    const result = await rig.withWorker({ activities, dataConverter: worker }, async ({ taskQueue }) => {
      const handle = await start(taskQueue, own(), { activity: 'echo', args: [TEXT] });
      return handle.result();
    });
    expect(result).toBe(TEXT);
    const listed = await minio.client().send(new ListObjectsV2Command({ Bucket: bucket }));
    return { requests: requests.sort(), keys: (listed.Contents ?? []).map(({ Key = '' }) => Key) };
  }

  it('are two objects, since equal payloads are one', async () => {
    const { requests, keys } = await round(() => ({ retention: '30d' }));

    expect(requests.map((name) => name.replace('Command', ''))).toEqual(['GetObject', 'GetObject', 'PutObject', 'PutObject']);
    expect(keys).toHaveLength(2);
    for (const key of keys) expect(key).toMatch(/^payloads\/30d\/default\/\d{4}-\d\d-\d\d\/[0-9a-f]{64}\.gzip$/);
  });

  it('lie where the published drivers put them', async () => {
    const { requests, keys } = await round((bucket) => ({ keys: 'temporal-v0', bucket }));

    // The run is not known yet when a client starts it, and is a part of the key afterwards.
    expect(keys).toHaveLength(2);
    for (const key of keys)
      expect(key).toMatch(/^v0\/ns\/default\/wt\/steps\/wi\/[0-9a-f-]{36}\/ri\/(?:[0-9a-f-]{36}|null)\/d\/sha256\/[0-9a-f]{64}$/);
    expect(requests.filter((name) => name.startsWith('Put'))).toHaveLength(2);
    expect(requests).not.toContain('HeadObjectCommand');
  });
});

it("19 each of a heartbeat's large details is stored, however few Temporal sends on", async () => {
  const memory = memoryObjectStore();
  let puts = 0;
  const put: ObjectStore['put'] = async (...call) => {
    const made = await memory.put(...call);
    puts += 1;
    return made;
  };
  const dataConverter = converter({ objectStore: { ...memory, put } });
  const activities = {
    async beat() {
      for (let turn = 1; turn <= 5; turn += 1) {
        Context.current().heartbeat(LARGE.slice(turn));
        await until(() => puts === turn);
      }
    },
  };
  const options = { heartbeatTimeout: '1 minute', startToCloseTimeout: '20 seconds' } as const;
  await rig.withWorker({ activities, dataConverter }, async ({ taskQueue }) =>
    (await start(taskQueue, dataConverter, { activity: 'beat', options })).result(),
  );

  expect(puts).toBe(5);
});

describe('while the object store is down', () => {
  it('an input, a result and what a workflow passes on stay in the messages', async () => {
    const store = fragile();
    store.up = false;
    const dataConverter = converter({ objectStore: store.objectStore });
    const result = await rig.withWorker(
      { activities: { echo: async (text: string) => text }, dataConverter },
      async ({ taskQueue }) => (await start(taskQueue, dataConverter, { activity: 'echo', args: [LARGE] })).result(),
    );

    expect(result).toBe(LARGE);
    expect(store.refused).toBeGreaterThan(0);
  });

  it('the details of a heartbeat stay in the message for the next attempt', async () => {
    const store = fragile();
    const dataConverter = converter({ objectStore: store.objectStore });
    const activities = {
      async beat() {
        const { info, heartbeat } = Context.current();
        if (info.attempt > 1) return String(info.heartbeatDetails).length;
        store.up = false;
        heartbeat(LARGE);
        throw new Error('the next attempt');
      },
    };
    const result = await rig.withWorker({ activities, dataConverter, plugins: [] }, async ({ taskQueue }) =>
      (await start(taskQueue, dataConverter, { activity: 'beat', options: { heartbeatTimeout: '10s' } })).result(),
    );

    expect(result).toBe(LARGE.length);
    expect(store.refused).toBeGreaterThan(0);
  });

  it('details that could not stay in a message are refused in the activity alone', async () => {
    const dataConverter = converter({ objectStore: fragile().objectStore });
    const activities = { beat: async () => Context.current().heartbeat(TOO_LARGE), small: async () => 'small' };

    await rig.withWorker({ activities, dataConverter }, async ({ taskQueue, worker }) => {
      const handle = await start(taskQueue, dataConverter, { activity: 'beat' });

      await expect(handle.result()).rejects.toMatchObject({ cause: { cause: { type: 'mooring.invalid-value' } } });

      const next = await start(taskQueue, dataConverter, { activity: 'small' });
      await expect(next.result()).resolves.toBe('small');
      expect(worker.getState()).toBe('RUNNING');
    });
  });

  it('a result that is too large for a message is stored by a later attempt', async () => {
    const store = fragile();
    const dataConverter = converter({ objectStore: store.objectStore });
    const activities = {
      async large() {
        store.up = Context.current().info.attempt > 1;
        return TOO_LARGE;
      },
    };
    const result = await rig.withWorker({ activities, dataConverter }, async ({ taskQueue }) =>
      (await start(taskQueue, dataConverter, { activity: 'large' })).result(),
    );

    expect(result).toBe(TOO_LARGE);
    expect(store.refused).toBeGreaterThan(0);
  });

  it('an input that is too large for a message is an error of the caller, at once', async () => {
    const store = fragile();
    store.up = false;

    const dataConverter = converter({ objectStore: store.objectStore });

    await expect(start('none', dataConverter, { activity: 'x', args: [TOO_LARGE] })).rejects.toMatchObject({
      cause: { code: 'mooring.store-unavailable' },
    });
  });

  it('in the published form a result is stored by a later attempt', async () => {
    const store = fragile();
    const dataConverter = converter({ objectStore: store.objectStore, keys: 'temporal-v0', bucket: 'b' });
    const activities = {
      async large() {
        store.up = Context.current().info.attempt > 1;
        return LARGE;
      },
    };
    const result = await rig.withWorker({ activities, dataConverter }, async ({ taskQueue }) =>
      (await start(taskQueue, dataConverter, { activity: 'large' })).result(),
    );

    expect(result).toBe(LARGE);
    expect(store.refused).toBeGreaterThan(0);
  });

  it("with 'fail' no heartbeat asks the driver", async () => {
    const store = fragile();
    store.up = false;
    const dataConverter = converter({ objectStore: store.objectStore, whenUnavailable: 'fail' });
    const activities = {
      async beat() {
        Context.current().heartbeat('x'.repeat(200_000));
        expect(() => Context.current().heartbeat(LARGE)).toThrow(/more than 261632/);
        return 'went on';
      },
    };
    const options = { heartbeatTimeout: '10s' } as const;

    await rig.withWorker({ activities, dataConverter }, async ({ taskQueue, worker }) => {
      const handle = await start(taskQueue, dataConverter, { activity: 'beat', options });
      await expect(handle.result()).resolves.toBe('went on');
      expect(worker.getState()).toBe('RUNNING');
    });

    expect(store.refused).toBe(0);
  });

  it("Temporal 18: without the plugin, a heartbeat's details end the whole worker with 'fail'", async () => {
    const store = fragile();
    const dataConverter = converter({ objectStore: store.objectStore, whenUnavailable: 'fail' });
    const activities = {
      async beat() {
        store.up = false;
        Context.current().heartbeat(LARGE);
        await Context.current().cancelled;
      },
    };
    const taskQueue = randomUUID();
    const handle = await start(taskQueue, dataConverter, { activity: 'beat', options: { heartbeatTimeout: '10s' } });
    const ended = rig.withWorker({ activities, dataConverter, taskQueue, plugins: [], maxCachedWorkflows: 0 }, ({ worker }) =>
      until(() => worker.getState() === 'FAILED'),
    );

    await expect(ended).rejects.toThrow();
    await handle.terminate();
    expect(store.refused).toBeGreaterThan(0);
  });
});
