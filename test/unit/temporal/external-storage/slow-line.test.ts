import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Payload } from '@temporalio/common';
import { progressOf } from '../../../../src/object-store/progress.ts';
import { StoreUnavailableError, type ObjectStore } from '../../../../src/index.ts';
import { memoryObjectStore } from '../../../../src/testing.ts';
import { driverRig } from './rig.ts';

/** Payloads over a line on which bytes take their time. */

const MIB = 2 ** 20;
/** Bytes in a millisecond: 2 Mbit/s. */
const LINE = 250;

/** Not compressed, since it says that it is encrypted. */
const payload = (bytes: number): Payload => ({
  metadata: { encoding: Buffer.from('binary/encrypted') },
  data: new Uint8Array(bytes).fill(7),
});

const pass = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const handle = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(handle);
      reject(signal.reason as Error);
    });
  });

/** A store behind a slow line. `reports`: it says that bytes come. */
function slow(reports: boolean): ObjectStore {
  const inner = memoryObjectStore();
  return {
    ...inner,
    async put(key, body, options) {
      await pass((body as Uint8Array).length / LINE, options.signal);
      return inner.put(key, body, options);
    },
    async get(key, options = {}) {
      const bytes = await inner.get(key, options);
      const progress = reports ? progressOf(options) : () => undefined;
      progress();
      for (let at = 0; at < (bytes?.length ?? 0); at += MIB / 4) {
        await pass(MIB / 4 / LINE, options.signal);
        progress();
      }
      return bytes;
    },
  };
}

/** Lets time pass until it has ended. */
async function ended<T>(work: Promise<T>): Promise<T> {
  let over = false;
  const settled = work.finally(() => (over = true));
  settled.catch(() => undefined);
  while (!over) {
    await jest.advanceTimersByTimeAsync(250);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return settled;
}

beforeEach(() => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
});
afterEach(() => {
  jest.useRealTimers();
});

describe.each([true, false])('a store that says that bytes come: %s', (reports) => {
  it('gives a large payload back', async () => {
    const began = Date.now();
    const { driver } = driverRig({ objectStore: slow(reports), cacheBytes: 0 });

    const claims = await ended(driver.store({}, [payload(6 * MIB)]));
    const [found] = await ended(driver.retrieve({}, claims));

    expect(found?.data?.length).toBe(6 * MIB);
    expect(Date.now() - began).toBeGreaterThan(2 * 25_000);
  });
});

describe('a store that hangs', () => {
  it('has the time of the bytes of a payload that has no other way', async () => {
    const began = Date.now();
    const { store, on } = driverRig();
    on.call = () => new Promise(() => undefined);

    await expect(ended(store(payload(2 * MIB)))).rejects.toThrow(StoreUnavailableError);

    expect(Date.now() - began).toBeGreaterThanOrEqual(24_000);
    expect(Date.now() - began).toBeLessThan(26_000);
  });

  it('has no more than the timeout for a payload that may stay in the message', async () => {
    const began = Date.now();
    const { store, on } = driverRig();
    on.call = () => new Promise(() => undefined);

    await expect(ended(store(payload(MIB)))).resolves.toHaveProperty('inline');

    expect(Date.now() - began).toBeLessThan(9_000);
  });
});
