import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { externalSystem, type ExternalSystem } from '../../support/external-system.ts';

/** An external system of the test, which other processes reach over HTTP: by `processes/external-system.mjs`. */
export interface ServedSystem extends ExternalSystem {
  readonly url: string;
  close(): Promise<void>;
}

/** Starts one that is keyed. `overrides` are functions that replace its own. */
export async function servedSystem(overrides: Parameters<ExternalSystem['job']>[0] = {}): Promise<ServedSystem> {
  const system = externalSystem({ kind: 'keyed' });
  const functions = system.job(overrides) as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  const answerTo = async (request: IncomingMessage): Promise<string> => {
    const [name, ...args] = JSON.parse(Buffer.concat(await request.toArray()).toString()) as [string, ...unknown[]];
    return JSON.stringify({ answer: await functions[name]?.(...args) });
  };
  const server = createServer((request, response) => void answerTo(request).then((answer) => response.end(answer)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(system, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
