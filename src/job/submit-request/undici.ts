import type { Channels, Requests, SeenRequest } from './seen.ts';

/**
 * Requests of `fetch` and undici. A redirect of `fetch` leaves no trace in its error, so the requests themselves are watched.
 *
 * @see https://undici.nodejs.org/#/docs/api/DiagnosticsChannel
 */

interface Message {
  request: object;
  error?: unknown;
}

/** `mine`: whether an event is one of the call. Only the beginning of a request is sure to be told in the context of its call. */
export function undiciChannels(requests: Requests, mine: () => boolean): Channels {
  const seenBy = (message: unknown): SeenRequest | undefined => requests.get((message as Message).request);
  const left = (message: unknown): void => {
    const seen = seenBy(message);
    if (seen) seen.left = true;
  };
  return {
    'undici:request:create': (message) => {
      if (mine()) requests.set((message as Message).request, { left: false, http1: false });
    },
    'undici:client:sendHeaders': left,
    'undici:request:bodySent': left,
    'undici:request:headers': left,
    'undici:request:error': (message) => {
      const seen = seenBy(message);
      if (seen) seen.error ??= (message as Message).error;
    },
  };
}
