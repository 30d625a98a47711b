import { boundedWait, systemTimer } from '../../src/async/deadline.ts';

/** The outcome of some work; nothing, if it has none within these milliseconds or before the signal aborts. */
export async function outcomeWithin<T>(ms: number, work: Promise<T>, signal?: AbortSignal): Promise<T | undefined> {
  const outcome = await boundedWait(systemTimer, ms, signal, () => work);
  return outcome.ended === 'value' ? outcome.value : undefined;
}
