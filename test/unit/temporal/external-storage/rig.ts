import { createHash, randomBytes } from 'node:crypto';
import type { Payload, StorageDriver, StorageDriverTargetInfo } from '@temporalio/common';
import { temporal } from '@temporalio/proto';
import { externalStorageDriver, type ExternalStorageOptions } from '../../../../adapters/temporal/external-storage/index.ts';
import type { ObjectStore } from '../../../../src/index.ts';
import { memoryObjectStore } from '../../../../src/testing.ts';

/** A driver over an object store in memory that counts its calls, and fails as it is told. */

const PayloadProto = temporal.api.common.v1.Payload;

/** Whose the payloads are, unless a test says otherwise. */
export const TARGET: StorageDriverTargetInfo = {
  kind: 'workflow',
  namespace: 'default',
  id: 'wf-1',
  runId: 'run-1',
  type: 'Publish',
};

/** A payload as the SDK's converter makes it of JSON. */
export function jsonPayload(value: unknown, encoding = 'json/plain'): Payload {
  return { metadata: { encoding: Buffer.from(encoding) }, data: Buffer.from(JSON.stringify(value)) };
}

/** The bytes that the SDK makes of a payload. */
export function sdkBytes(payload: Payload): Uint8Array {
  return PayloadProto.encode(payload).finish();
}

/** The digest of a payload. */
export function digest(payload: Payload): string {
  return createHash('sha256').update(sdkBytes(payload)).digest('hex');
}

/** Text that compresses, and text that does not. */
export const LONG = { plain: 'abc '.repeat(10_000), random: randomBytes(30_000).toString('base64') };

/** What a test works with. */
export interface DriverRig {
  driver: StorageDriver;
  memory: ObjectStore;
  /** `put <key>` and `get <key>`, in order. */
  calls: string[];
  /** Called before each call; what it throws is the call's failure. */
  on: { call(signal: AbortSignal | undefined): Promise<void> | void };
  /** When the objects end, by key. */
  ends: Map<string, Date | undefined>;
  /** Stores one payload for the target and returns its claim. */
  store(payload: Payload, target?: StorageDriverTargetInfo): Promise<Record<string, string>>;
  retrieve(claimData: Record<string, string>): Promise<Payload>;
  /** The bytes of an object. */
  object(key: string | undefined): Promise<Buffer>;
}

/** Opens one. The waits between tries are none. */
export function driverRig(options: Partial<ExternalStorageOptions> = {}): DriverRig {
  const memory = memoryObjectStore();
  const calls: string[] = [];
  const ends = new Map<string, Date | undefined>();
  const on: DriverRig['on'] = { call: () => undefined };
  const objectStore: ObjectStore = {
    ...memory,
    async put(key, body, call) {
      calls.push(`put ${key}`);
      await on.call(call.signal);
      ends.set(key, call.expiresAt);
      return memory.put(key, body, call);
    },
    async get(key, call) {
      calls.push(`get ${key}`);
      await on.call(call?.signal);
      return memory.get(key, call);
    },
  };
  const driver = externalStorageDriver({ objectStore, random: () => 0, ...options });
  return {
    driver,
    memory,
    calls,
    on,
    ends,
    async store(payload, target = TARGET) {
      const [claim] = await driver.store({ target }, [payload]);
      return claim?.claimData ?? {};
    },
    async retrieve(claimData) {
      const [payload] = await driver.retrieve({}, [{ claimData }]);
      return payload ?? {};
    },
    async object(key = '') {
      return Buffer.from((await memory.get(key)) ?? []);
    },
  };
}
