import { abortController, joined } from './abort.ts';
import type { CallOptions } from './deadline.ts';

/**
 * One listener on a caller's signal, however many calls of a store are given it and however much each does side by side: Node takes
 * more than ten for a leak, and says so.
 */

/** A call on a signal of its own, which aborts as the caller's does until `leave` is called. */
export interface SharedCall {
  readonly call: CallOptions;
  leave(): void;
}

/** Takes part in the listener on a signal. */
export type ShareSignal = (signal: AbortSignal | undefined) => SharedCall;

/** A signal of our own, with one listener on that of a caller. */
const listen = (signal: AbortSignal): ReturnType<typeof joined> => joined(abortController().signal, signal);

/** Listens to no signal yet; and to none once each call has left. */
export function createShareSignal(): ShareSignal {
  const bySignal = new WeakMap<AbortSignal, ReturnType<typeof listen> & { users: number }>();
  return (signal) => {
    if (!signal) return { call: {}, leave: () => undefined };
    const shared = bySignal.get(signal) ?? { ...listen(signal), users: 0 };
    bySignal.set(signal, shared);
    shared.users += 1;
    let left = false;
    return {
      call: { signal: shared.signal },
      leave() {
        if (left) return;
        left = true;
        shared.users -= 1;
        if (shared.users > 0) return;
        bySignal.delete(signal);
        shared.leave();
      },
    };
  };
}

/**
 * Does what listens to one signal many times side by side, on a signal of its own: Node takes more than ten listeners of one signal
 * for a leak, and says so.
 */
export async function sideBySide<T>(call: CallOptions, work: (call: CallOptions) => Promise<T>): Promise<T> {
  if (!call.signal) return work(call);
  const { signal, leave } = listen(call.signal);
  try {
    return await work({ signal });
  } finally {
    leave();
  }
}
