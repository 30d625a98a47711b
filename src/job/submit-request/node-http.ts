import { errorMonitor } from 'node:events';
import type { ClientRequest } from 'node:http';
import type { Socket } from 'node:net';
import type { Channels, Requests, SeenRequest } from './seen.ts';

/**
 * Requests of `node:http` and `node:https`, which axios, got, gaxios and the AWS SDK are made of. Node buffers a request until its
 * connection is ready, so nothing of it has left before.
 *
 * @see https://nodejs.org/docs/latest-v20.x/api/diagnostics_channel.html#http
 */

/** `mine`: whether an event is one of the call. */
export function nodeHttpChannels(requests: Requests, mine: () => boolean): Channels {
  const began = (message: unknown): void => {
    const { request } = message as { request: ClientRequest };
    if (mine() && !requests.has(request)) requests.set(request, followed(request));
  };
  // Node 20 has no `created`: a request is then seen once its body is complete.
  return { 'http.client.request.created': began, 'http.client.request.start': began };
}

function followed(request: ClientRequest): SeenRequest {
  const seen: SeenRequest = { left: false, http1: true };
  const follow = (socket: Socket): void => {
    const event = awaited(socket);
    if (event === undefined) seen.left = true;
    else socket.once(event, () => (seen.left = true));
  };
  if (request.socket) follow(request.socket);
  else request.once('socket', follow);
  // It sees an error and does not count as a handler.
  request.on(errorMonitor, (error: unknown) => (seen.error ??= error));
  return seen;
}

/** The event after which a connection carries data; `undefined`: it carries data already. */
function awaited(socket: Socket & { encrypted?: boolean; secureConnecting?: boolean }): string | undefined {
  if (socket.encrypted === true) return socket.secureConnecting === true ? 'secureConnect' : undefined;
  return socket.connecting ? 'connect' : undefined;
}
