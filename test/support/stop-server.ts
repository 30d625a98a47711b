import { once } from 'node:events';
import type { Server } from 'node:net';

/** Stops a server that may have open connections; does nothing if it has stopped already. */
export async function stopServer(server: Server, connections: Iterable<{ destroy(): void }>): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  for (const connection of connections) connection.destroy();
  await closed;
}
