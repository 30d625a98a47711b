import { abortController, joined, type CallOptions } from '../../async/deadline.ts';
import { OutcomeUnknownError } from '../../model/errors/store.ts';
import type { StoreCore } from '../internals.ts';

/**
 * Sends a write; where its answer was lost and `commandTimeout` has not passed, sends it once more under the same write ID, which
 * mostly tells what became of it. After a resend only success is definite: a refusal may be of what the first send did.
 *
 * @param repeatable - Whether a copy of an applied write is refused, or changes nothing, also where another writer came between.
 *   What is neither fenced nor compared is sent once: a copy would put its older value over theirs.
 * @throws {@link OutcomeUnknownError}
 */
export async function sendTwice<Reply extends { kind: string }>(
  core: StoreCore,
  call: CallOptions,
  repeatable: boolean,
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
    if (!lost || !repeatable || late || call.signal?.aborted) throw error;
    const deadline = abortController();
    giveUp = () => deadline.abort();
    const { signal, leave } = joined(deadline.signal, call.signal);
    const again = await send(true, { signal })
      .catch(() => undefined)
      .finally(leave);
    if (again?.kind !== 'ok') throw error;
    return again;
  } finally {
    stop();
  }
}
