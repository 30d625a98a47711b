import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';

/** A port of 127.0.0.1 that was free just now; with `more`, the one so far above it was free too. */
export async function freePort(more?: number): Promise<number> {
  for (;;) {
    const port = await listenOnce(0);
    if (more === undefined) return port;
    if (port + more <= HIGHEST && (await listenOnce(port + more).catch(() => undefined)) !== undefined) return port;
  }
}

const HIGHEST = 65_535;

async function listenOnce(wanted: number): Promise<number> {
  const server = createServer().listen(wanted, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const TRIES = 3;

/** Tries on another port where somebody else was quicker. */
export async function onFreePort<Started>(start: (port: number) => Promise<Started>, more?: number): Promise<Started> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(await freePort(more));
    } catch (error) {
      if (attempt === TRIES) throw error;
    }
  }
}
