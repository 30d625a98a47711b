import { isMooringError, NotSubmittedError, wrongKind } from '../../model/errors/store.ts';
import { whyUnsent } from './verdict.ts';
import { watch } from './watch.ts';

/**
 * Makes the request that creates an external job, and says so if certainly nothing of it left this machine. For `submit` of an
 * external job: without it a refused connection counts as "perhaps submitted".
 *
 * Wrap that one request and nothing else: no second request, no loop that tries again, no work on the answer. A failure is certain if
 * the connection was refused, timed out or had no route, if the host is unknown, if TLS was refused before the request was sent, or if
 * the request is invalid. `docs/not-submitted.md` has the table by client: `fetch` and undici, `node:http`, axios, got, the AWS SDK,
 * gaxios and gRPC. Redirects and repetitions inside a client are seen, and make a failure uncertain: turn repetitions off.
 *
 * @param request - Sends the request, with the `signal` that `submit` got. It is called once, a turn of the event loop later. Until
 * it has settled, its requests are watched: it has to end when the signal is aborted, as all these clients do.
 * @returns what `request` resolves with
 * @throws {@link NotSubmittedError} if certainly nothing was sent. It is repeated in the attempt for one `submitTimeout`; after that it
 * costs an attempt of the runtime. It is not retryable if the request is invalid; then it also has no `cause`, since clients
 * quote headers and URLs. Any other error is thrown unchanged, and so is an error of Mooring.
 * @throws {@link ConfigError} if `request` is no function, such as the promise of a request that was already made
 * @example
 * ```ts
 * const response = await submitRequest(() => fetch(`${API}/jobs`, { method: 'POST', headers, body, signal }));
 * ```
 */
export async function submitRequest<T>(request: () => Promise<T>): Promise<T> {
  if (typeof request !== 'function') throw wrongKind('request', 'must be a function that sends the request', request);
  const outcome = await watch(request);
  if ('value' in outcome) return outcome.value;
  const { error, seen } = outcome;
  const unsent = isMooringError(error) ? undefined : whyUnsent(error, seen);
  if (!unsent) throw error;
  const { why, retryable } = unsent;
  // The external system has not seen the key, so it remembers no refusal of it.
  const options = { retryable, newKey: false, ...(retryable && { cause: error }) };
  throw new NotSubmittedError(`the request did not leave this machine: ${why}`, options);
}
