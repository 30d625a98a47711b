import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A connection to a server that breaks where a test wants it to. */

/** A proxy in front of a server on 127.0.0.1. */
export interface TcpProxy {
  readonly port: number;
  /** Hands on the next request that holds this text, and breaks the connection when its reply comes: the reply is lost. */
  loseReplyTo(text: string): void;
  /** Breaks the connection in place of handing on the next request that holds this text. */
  loseRequest(text: string): void;
  /** Resolves when the loss has happened. */
  lost(): Promise<void>;
  /** Lets no new connection through until it resolves. */
  hold(until: Promise<unknown>): void;
  stop(): Promise<void>;
}

/** Starts a proxy. */
export async function startTcpProxy(target: number): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let loss: { kind: 'reply' | 'request'; text: string; done: () => void } | undefined;
  let happened: Promise<void> = Promise.resolve();
  let gate: Promise<unknown> = Promise.resolve();

  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    let dropping: (() => void) | undefined;
    const end = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', end).on('close', () => {
        sockets.delete(socket);
        end();
      });
    }
    client.on('data', (chunk: Buffer) => {
      if (loss && chunk.includes(loss.text)) {
        const { kind, done } = loss;
        loss = undefined;
        if (kind === 'request') {
          end();
          done();
          return;
        }
        dropping = done;
      }
      void gate.then(() => upstream.write(chunk));
    });
    upstream.on('data', (chunk: Buffer) => {
      if (!dropping) {
        client.write(chunk);
        return;
      }
      end();
      dropping();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  const lose = (kind: 'reply' | 'request', text: string): void => {
    happened = new Promise((done) => {
      loss = { kind, text, done };
    });
  };
  return {
    port: (server.address() as AddressInfo).port,
    loseReplyTo: (text) => lose('reply', text),
    loseRequest: (text) => lose('request', text),
    lost: () => happened,
    hold: (until) => {
      gate = until;
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
