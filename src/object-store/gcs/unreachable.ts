import { abortController, joined } from '../../async/abort.ts';
import type { CallOptions } from '../../async/deadline.ts';
import { CUT_SHORT } from './body.ts';
import { GcsError } from './errors.ts';
import { sendRequest, type GcsRequest, type GcsStore } from './request.ts';

/**
 * Why no answer comes. The client sends reads and listings again by itself for some 16 seconds, whatever it is told, and only
 * then says that nobody listens. A caller has given up by then.
 */

/** Milliseconds without an answer before the address is tried. */
const SILENT = 1_000;

/**
 * Does something that the client sends again by itself. If it is silent for a while, a request that the client sends once is
 * sent beside it. Its failure counts only if there was no answer at all.
 *
 * @param work - Calls `answered` when the server has begun to answer.
 * @throws what `work` throws, or the {@link GcsError} of an address, or of credentials, with which nothing can be sent.
 */
export async function unlessUnreachable<T>(
  store: GcsStore,
  request: GcsRequest,
  call: CallOptions,
  work: (own: CallOptions, answered: () => void) => Promise<T>,
): Promise<T> {
  const stop = abortController();
  const { signal, leave } = joined(stop.signal, call.signal);
  let answered = (): void => undefined;
  const unreachable = new Promise<never>((_resolve, reject) => {
    answered = store.timer(SILENT, () => {
      const probe = sendRequest(store, request, { method: 'GET', uri: '', qs: { fields: 'generation' } }, { signal });
      probe.catch((error: unknown) => {
        if (isUnreachable(error)) reject(error);
      });
    });
  });
  try {
    return await Promise.race([work({ signal }, answered), unreachable]);
  } finally {
    answered();
    stop.abort();
    leave();
  }
}

function isUnreachable(error: unknown): error is GcsError {
  return error instanceof GcsError && error.status === undefined && error.code !== 'ETIMEDOUT' && error.code !== CUT_SHORT;
}
