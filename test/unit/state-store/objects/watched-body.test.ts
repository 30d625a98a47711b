import { describe, expect, it } from '@jest/globals';
import { watchedBody } from '../../../../src/state-store/objects/watched-body.ts';
import { handTimer } from '../../../support/hand-timer.ts';

/** The deadline of a store that takes a stream: it counts only while the store has the turn. */

const STEP = 5 * 100;
/** Bytes in a second. Single bytes take no time to speak of. */
const RATE = 2 ** 40;

function rig() {
  const clock = handTimer();
  const wanted: ((value: Uint8Array) => void)[] = [];
  async function* source(): AsyncGenerator<Uint8Array> {
    for (let left = 3; left > 0; left -= 1) yield new Promise<Uint8Array>((resolve) => wanted.push(resolve));
  }
  let late = 0;
  const watch = watchedBody({ timer: clock.timer, commandTimeout: 100, minTransferRate: RATE }, source(), () => (late += 1));
  const store = watch.body[Symbol.asyncIterator]();
  const give = async (chunk: Uint8Array = new Uint8Array(1)): Promise<void> => {
    while (wanted.length === 0) await Promise.resolve();
    wanted.shift()?.(chunk);
  };
  return { clock, watch, store, give, late: () => late };
}

describe('a body on its way', () => {
  it('gives the store up that never asks for it', () => {
    const { clock, watch, late } = rig();

    clock.pass(STEP - 1);
    expect(late()).toBe(0);

    clock.pass(1);
    expect([late(), watch.late]).toEqual([1, STEP]);
  });

  it('counts only the time of the store, each step anew', async () => {
    const { clock, store, give, late } = rig();

    for (let step = 0; step < 3; step += 1) {
      clock.pass(STEP - 1);
      const next = store.next();
      clock.pass(100 * STEP);
      await give();
      await next;
    }
    expect(late()).toBe(0);

    clock.pass(STEP);
    expect(late()).toBe(1);
  });

  it('counts for a store that asks ahead only once all is given that it asked for', async () => {
    const { clock, store, give, late } = rig();
    const both = [store.next(), store.next()];
    await give();

    await both[0];
    clock.pass(100 * STEP);

    expect(late()).toBe(0);

    await give();
    await both[1];
    clock.pass(STEP);

    expect(late()).toBe(1);
  });

  it('gives a store up that does not come to an end', async () => {
    const { clock, watch, store, give, late } = rig();

    for (let step = 0; step < 3; step += 1) {
      const next = store.next();
      await give();
      await next;
    }
    expect(watch.ended).toBe(false);

    await store.next();
    expect(watch.ended).toBe(true);

    clock.pass(STEP);
    expect(late()).toBe(1);
  });

  it('gives a store the longer for its end the more it took, but not before', async () => {
    const { clock, watch, store, give, late } = rig();
    for (let step = 0; step < 3; step += 1) {
      const next = store.next();
      await give({ length: 2 ** 30 } as Uint8Array);
      watch.moved(2 ** 30);
      await next;
    }
    clock.pass(STEP - 1);

    await store.next();
    clock.pass(STEP + 300 - 1);

    expect(late()).toBe(0);

    clock.pass(1);
    expect([late(), watch.late]).toEqual([1, STEP + 300]);
  });

  it('gives a store time for the bytes that it took, less those that it says have arrived', async () => {
    const { clock, watch, store, give, late } = rig();
    const second = { length: RATE } as Uint8Array;
    for (let step = 0; step < 2; step += 1) {
      const next = store.next();
      await give(second);
      await next;
    }
    clock.pass(STEP + 2_000 - 1);

    watch.moved(RATE);
    clock.pass(STEP + 1_000 - 1);

    expect(late()).toBe(0);

    clock.pass(1);
    expect([late(), watch.late]).toEqual([1, STEP + 1_000]);
  });

  it('leaves no timer once it is over, also where the store still asks', async () => {
    const { clock, watch, store, give } = rig();
    const next = store.next();
    watch.end();
    await give();

    await next;

    expect(clock.running()).toBe(0);
  });
});
