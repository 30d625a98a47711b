import { describe, expect, it } from '@jest/globals';
import type { StorageDriver } from '@temporalio/common';
import { createQueue } from '../../../../src/async/concurrency.ts';
import { driverRig, jsonPayload } from './rig.ts';

/** Permits as the SDK gives them after 1.24, in its rules: one for each request, and none taken within another. */

interface Permits {
  readonly context: Parameters<StorageDriver['store']>[0];
  readonly items: unknown[];
}

function permits(most: number): Permits {
  const queue = createQueue(most);
  const items: unknown[] = [];
  const limiter = {
    permit<T>(item: unknown, operation: () => Promise<T>): Promise<T> {
      items.push(item);
      return queue(undefined, operation);
    },
  };
  return { context: { limiter } as Permits['context'], items };
}

describe('permits of the SDK', () => {
  it('bound the calls at the same time', async () => {
    const { driver, on } = driverRig({ cacheBytes: 0 });
    const payloads = Array.from({ length: 9 }, (_, index) => jsonPayload({ index }));
    let [running, most] = [0, 0];
    on.call = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    };
    const { context, items } = permits(2);

    const claims = await driver.store(context, payloads);
    await driver.retrieve(context, claims);

    expect(most).toBe(2);
    expect(items).toEqual([...payloads, ...claims]);
  });

  it('are taken for what is cached too, since the SDK warns of a driver that takes none', async () => {
    const { driver, calls } = driverRig();
    const payloads = [jsonPayload('x')];
    await driver.store(permits(1).context, payloads);
    const { context, items } = permits(1);

    await driver.store(context, payloads);

    expect(items).toHaveLength(1);
    expect(calls).toHaveLength(1);
  });

  it('that come after another payload has failed begin nothing', async () => {
    const { driver, on, calls } = driverRig({ whenUnavailable: 'fail', maxPayloadBytes: 100 });
    on.call = () => undefined;

    const both = [jsonPayload('x'.repeat(200)), jsonPayload('x')];

    await expect(driver.store(permits(1).context, both)).rejects.toThrow('maxPayloadBytes is 100');
    expect(calls).toEqual([]);
  });
});
