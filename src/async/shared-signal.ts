import { abortController, joined } from './abort.ts';
import type { CallOptions } from './deadline.ts';

/**
 * One listener on a caller's signal, however many calls of a store use it at the same time: Node warns of a leak at more than
 * ten.
 */

/** A call with a signal of its own, which aborts with the caller's signal until `leave` is called. */
export interface SharedCall {
  readonly call: CallOptions;
  leave(): void;
}

/** Joins the listener on a signal. */
export type ShareSignal = (signal: AbortSignal | undefined) => SharedCall;

/** Our own signal, with one listener on a caller's signal. */
const listen = (signal: AbortSignal): ReturnType<typeof joined> => joined(abortController().signal, signal);

/** Listens to no signal at first, and to none once every call has left. */
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
 * Runs work that listens to one signal many times at the same time, on a signal of its own: Node warns of a leak at more than ten
 * listeners.
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
