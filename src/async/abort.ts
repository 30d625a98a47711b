import { setMaxListeners } from 'node:events';

/** Abort signals and their listeners: none of these functions leaves a listener behind. */

/** A controller whose signal takes any number of listeners: Node warns of a leak at more than ten. */
export function abortController(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

/** Calls `then` once the signal aborts, or at once if it has. The returned function removes the listener. */
export function onAbort(signal: AbortSignal, then: () => void): () => void {
  signal.addEventListener('abort', then, { once: true });
  if (signal.aborted) then();
  return () => signal.removeEventListener('abort', then);
}

/**
 * Aborts with whichever comes first, until `leave` is called. Not `AbortSignal.any`: a runtime's or a user's signal may be of
 * another implementation.
 */
export function joined(life: AbortSignal, own: AbortSignal | undefined): { signal: AbortSignal; leave: () => void } {
  if (!own) return { signal: life, leave: () => undefined };
  const controller = abortController();
  const stops = [life, own].map((signal) => onAbort(signal, () => controller.abort(signal.reason)));
  return { signal: controller.signal, leave: () => stops.forEach((stop) => stop()) };
}

/** Waits for `work`, but not beyond the abort: then it rejects with the signal's reason, and ignores what `work` comes to. */
export async function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  let leave = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    leave = onAbort(signal, () => reject(signal.reason as Error));
  });
  return Promise.race([aborted, work]).finally(leave);
}
