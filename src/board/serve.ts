import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { hostname, networkInterfaces } from 'node:os';
import { abortController, onAbort } from '../async/abort.ts';
import { ConfigError } from '../model/errors/store.ts';
import type { StateStore } from '../state-store/state-store.ts';
import { createBoard } from './handler.ts';

/** A board on a port of its own, for the person who started it. */

/** How it is served. */
export interface ServeBoardOptions {
  /** 0: any free port. */
  readonly port: number;
  readonly host: string;
  /** Where people reach it, in addition to the address itself. */
  readonly origins: readonly string[];
  readonly allowChanges: boolean;
  readonly signal: AbortSignal;
}

/** A board that is served. */
export interface ServedBoard {
  /** Where to open it. Whoever has it sees every job: the token is in its fragment. */
  readonly url: string;
  /** Whether only this machine reaches it. */
  readonly local: boolean;
  /** Resolves when the signal has aborted, and everything has ended. */
  readonly ended: Promise<void>;
}

const LOCAL = /^(?:127\.\d+\.\d+\.\d+|::1|localhost)$/;
const TOKEN_BYTES = 32;

/**
 * Serves a board until the signal aborts.
 *
 * @throws `ConfigError` if the port or the host cannot be used.
 */
export async function serveBoard(store: StateStore, options: ServeBoardOptions): Promise<ServedBoard> {
  const { port, host, origins, allowChanges, signal } = options;
  const server = createServer();
  const life = abortController();
  const bound = await listening(server, port, host);
  const local = LOCAL.test(host);
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  const own = namesOf(host).map((name) => new URL(`http://${name}:${bound}`).origin);
  const { handler, warm } = createBoard(store, { allowChanges, token, origins: [...own, ...origins], signal: life.signal });
  server.on('request', handler.node);
  warm();
  const ended = new Promise<void>((resolve) => {
    const leave = onAbort(signal, () => {
      life.abort();
      server.close(() => {
        leave();
        resolve();
      });
      server.closeAllConnections();
    });
  });
  return { url: `${own[0]}/#${token}`, local, ended };
}

async function listening(server: Server, port: number, host: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const option = error.code === 'EADDRINUSE' || error.code === 'EACCES' ? 'port' : 'host';
      reject(new ConfigError(option, `cannot be used (${error.code})`, option === 'port' ? port : host));
    });
    server.listen(port, host, resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** By which names this machine is reached at an address, the best first. */
function namesOf(host: string): string[] {
  const inUrl = (name: string): string => (name.includes(':') ? `[${name}]` : name);
  if (LOCAL.test(host)) return [...new Set([inUrl(host), '127.0.0.1', 'localhost', '[::1]'])];
  if (host !== '0.0.0.0' && host !== '::') return [inUrl(host)];
  const addresses = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address));
  // Link-local addresses name an interface, which no URL holds.
  const usable = addresses.filter((address) => !address.startsWith('fe80:')).map(inUrl);
  return [...new Set([hostname(), 'localhost', ...usable])];
}
