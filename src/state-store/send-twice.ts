import type { CallOptions } from '../call.ts';
import { OutcomeUnknownError } from '../errors.ts';
import type { StoreCore } from './core.ts';

/**
 * Sends a write; where its answer was lost and `commandTimeout` has not passed, sends it once more under the same write ID, which
 * is harmless and mostly tells what became of it. After a resend only success is definite: a refusal may be of what the first
 * send did.
 *
 * @throws {@link OutcomeUnknownError}
 */
export async function sendTwice<Reply extends { kind: string }>(
  core: StoreCore,
  call: CallOptions,
  send: (resent: boolean, call: CallOptions) => Promise<Reply>,
): Promise<Reply> {
  let late = false;
  let giveUp = (): void => undefined;
  const stop = core.timer(core.commandTimeout, () => {
    late = true;
    giveUp();
  });
  try {
    return await send(false, call);
  } catch (error) {
    const lost = error instanceof OutcomeUnknownError && error.reason === 'no-answer';
    if (!lost || late || call.signal?.aborted) throw error;
    const deadline = new AbortController();
    giveUp = () => deadline.abort();
    const signal = call.signal ? AbortSignal.any([call.signal, deadline.signal]) : deadline.signal;
    const again = await send(true, { signal }).catch(() => undefined);
    if (again?.kind !== 'ok') throw error;
    return again;
  } finally {
    stop();
  }
}
