import { describe, expect, it } from '@jest/globals';
import { createTransferWait, transferTime } from '../../../src/async/transfer.ts';
import { handTimer } from '../../support/hand-timer.ts';

describe('the time that bytes need', () => {
  it('is a base and more for each byte', () => {
    expect(transferTime(10_000, 0)).toBe(10_000);
    expect(transferTime(10_000, 15 * 2 ** 20)).toBe(130_000);
    expect(transferTime(1_000, 1, 3)).toBe(1_333);
  });
});

describe('patience', () => {
  it('is with the bytes that are left, until a step is reported', () => {
    const clock = handTimer();
    let left = 2_000;
    let late = 0;
    const patience = createTransferWait({ timer: clock.timer, base: 100, rate: 1_000 }, () => left);
    const stop = patience.timer(0, () => (late += 1));
    clock.pass(2_099);
    expect([late, patience.ms]).toEqual([0, 2_100]);

    patience.renew();
    expect(patience.ms).toBe(100);
    clock.pass(99);
    patience.renew();
    clock.pass(99);
    expect(late).toBe(0);
    clock.pass(1);
    expect(late).toBe(1);
    stop();

    left = 0;
    patience.timer(0, () => (late += 1));
    clock.pass(100);
    expect(late).toBe(2);
  });

  it('leaves no timer, also if a step is reported after its end', () => {
    const clock = handTimer();
    const patience = createTransferWait({ timer: clock.timer, base: 100, rate: 1_000 }, () => 0);
    patience.timer(0, () => undefined)();

    patience.renew();

    expect(clock.running()).toBe(0);
  });
});
