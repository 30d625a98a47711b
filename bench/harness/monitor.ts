import { once } from 'node:events';
import { connect } from 'node:net';

/** Commands that arrived at the server: the name of each in lower case, and its arguments as MONITOR shows them. */
export interface Sent {
  readonly clients: readonly string[];
  /** By scripts, from inside of the server. */
  readonly scripts: readonly string[];
}

const LINE = /^\+[\d.]+ \[\d+ (\S+)\] "(\w+)"(.*)/;

/**
 * Watches a server with MONITOR while the work is done. On a socket of its own: the client may take what is shown together with
 * the answer to MONITOR for the answer of another command.
 *
 * @param echo - Sends `ECHO` with a text, on another connection: what was sent before it is shown before it.
 */
export async function monitored(
  port: number,
  echo: (text: string) => Promise<unknown>,
  work: () => Promise<unknown>,
): Promise<Sent> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  const end = `bench-end-${Math.random()}`;
  const [clients, scripts]: [string[], string[]] = [[], []];
  let rest = '';
  let begin = (): void => undefined;
  let finish = (): void => undefined;
  const begun = new Promise<void>((resolve) => (begin = resolve));
  const finished = new Promise<void>((resolve) => (finish = resolve));
  socket.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\r\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const [, source, name = '', args = ''] = LINE.exec(line) ?? [];
      if (line === '+OK') begin();
      else if (args.includes(end)) finish();
      else if (source !== undefined) (source === 'lua' ? scripts : clients).push(name.toLowerCase() + args);
    }
  });
  try {
    socket.write('MONITOR\r\n');
    await begun;
    await work();
    await echo(end);
    await finished;
    return { clients, scripts };
  } finally {
    socket.destroy();
  }
}
