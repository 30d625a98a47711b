import type { Timer } from './deadline.ts';

/** How long it may take to move bytes: a base, and what the bytes need on the slowest line that is waited for. */

/** Bytes in a second, if nobody says otherwise: 1 Mbit/s. */
export const MIN_TRANSFER_RATE: number = 131_072;

/**
 * The milliseconds that moving bytes may take.
 *
 * @param base - Milliseconds for everything but the bytes.
 * @param rate - Bytes in a second.
 */
export function transferTime(base: number, bytes: number, rate: number = MIN_TRANSFER_RATE): number {
  return base + Math.floor((bytes * 1_000) / rate);
}

/** How long a call that moves bytes is waited for. A callee that reports its progress has the base for each step instead. */
export interface TransferWait {
  /** Milliseconds of the present wait. */
  readonly ms: number;
  /** A timer of the present wait. */
  readonly timer: Timer;
  /** The call goes on: the present wait begins anew, and so does each later one, without a time for bytes. */
  readonly renew: () => void;
}

/** The wait for a call. `bytesLeft` is asked at the beginning of each wait: the most that the call still has to move. */
export function createTransferWait(
  { timer, base, rate }: { timer: Timer; base: number; rate: number },
  bytesLeft: () => number,
): TransferWait {
  let reports = false;
  let present = base;
  let again = (): void => undefined;
  return {
    get ms() {
      return present;
    },
    timer(_ms, fire) {
      present = reports ? base : transferTime(base, bytesLeft(), rate);
      let stop = timer(present, fire);
      again = () => {
        stop();
        stop = timer(present, fire);
      };
      return () => {
        again = () => undefined;
        stop();
      };
    },
    renew() {
      reports = true;
      present = base;
      again();
    },
  };
}
