import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { callbackHandler, type Callback, type CallbackHandler } from '../../src/index.ts';

/** A web server of its own, whose URLs an external system of a test calls. */
export interface CallbackServer {
  readonly url: (callbackToken: string) => string;
  close(): Promise<unknown>;
}

/** Starts one. */
export async function startCallbackServer(deliver: (callback: Callback) => Promise<unknown>): Promise<CallbackServer> {
  const handler: CallbackHandler = callbackHandler({ secret: 's'.repeat(32), deliver });
  const server = createServer(handler.node);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callbacks`;
  return {
    url: (callbackToken) => handler.url(base, callbackToken),
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
