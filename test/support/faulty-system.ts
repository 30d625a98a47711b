import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { CERTIFICATE, PRIVATE_KEY } from './certificate.ts';
import { stopServer } from './stop-server.ts';

/** External systems that fail while a job is submitted, and count what reached them. */

/** What the system does with a request that it has read in full. It may stop the system. */
export type Answer = (response: ServerResponse, request: IncomingMessage, system: FaultySystem) => void;

/** A running system. */
export interface FaultySystem {
  readonly url: string;
  readonly port: number;
  /** Requests whose headers arrived. */
  readonly received: number;
  /** Closes it and all its connections. */
  stop(): Promise<void>;
}

/** `tls`: with a certificate that nobody trusts; `clients`: it wants one of its clients too; `version`: the newest that it speaks. */
interface TlsChoice {
  tls?: boolean;
  clients?: boolean;
  version?: 'TLSv1.2' | 'TLSv1.3';
}

/** Starts one on 127.0.0.1. */
export async function faultySystem(
  answer: Answer,
  { tls = false, clients = false, version = 'TLSv1.3' }: TlsChoice = {},
): Promise<FaultySystem> {
  let received = 0;
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    received += 1;
    response.on('error', () => undefined);
    request.on('error', () => undefined);
    request.resume().on('end', () => answer(response, request, system));
  };
  const certified = {
    cert: CERTIFICATE,
    key: PRIVATE_KEY,
    requestCert: clients,
    rejectUnauthorized: clients,
    maxVersion: version,
  };
  const server: Server = tls ? createTlsServer(certified, handle) : createServer(handle);
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', () => undefined).on('close', () => sockets.delete(socket)));
  });
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const system: FaultySystem = {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    port,
    get received() {
      return received;
    },
    stop: () => stopServer(server, sockets),
  };
  return system;
}

/** A port of 127.0.0.1 and 127.0.0.2 on which connections do not come about: somebody listens, and never accepts. */
export async function silentPort(): Promise<{ port: number; stop(): void }> {
  const listen = `
    require('node:net').createServer().listen({ port: 0, host: '0.0.0.0', backlog: 1 }, function () {
      require('node:fs').writeSync(1, String(this.address().port));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    });`;
  const child = spawn(process.execPath, ['-e', listen], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [text] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(text.toString());
  const sockets: Socket[] = [];
  // The queue of the kernel takes a few connections that nobody has accepted.
  for (let full = false; !full;) {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    sockets.push(socket);
    full = await Promise.race([
      once(socket, 'connect').then(() => false),
      new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 300)),
    ]);
  }
  return {
    port,
    stop() {
      for (const socket of sockets) socket.destroy();
      child.kill('SIGKILL');
    },
  };
}
