/** The external system of the programs on our pages: a farm that recognises a token; its jobs end when the test says so. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The client that a user of the farm has: `farm.js` of the pages. */
export const FARM_CLIENT = `
const call = async (path, request) => (await fetch(process.env.FARM_URL + path, request)).json();
export const farm = {
  submit: async (video, { token }) => (await call('/jobs', { method: 'POST', body: JSON.stringify({ video, token }) })).id,
  status: (id) => call('/jobs/' + id),
  output: async (id) => ({ url: 'https://farm.example/' + id }),
};
`;

/** A farm. */
export interface Farm {
  url: string;
  /** The token of every submit, in order. */
  tokens: string[];
  /** The IDs of the jobs that it has made. */
  ids: Set<string>;
  finish(): void;
  close(): Promise<void>;
}

/** Starts a farm. */
export async function startFarm(): Promise<Farm> {
  const ids = new Map<string, string>();
  const tokens: string[] = [];
  let finished = false;
  const server: Server = createServer((request, response) => {
    if (request.method === 'GET') {
      response.end(JSON.stringify({ state: finished ? 'succeeded' : 'active' }));
      return;
    }
    let text = '';
    request.on('data', (more) => (text += String(more)));
    request.on('end', () => {
      const { token } = JSON.parse(text) as { token: string };
      tokens.push(token);
      const id = ids.get(token) ?? `farm-${ids.size + 1}`;
      ids.set(token, id);
      response.end(JSON.stringify({ id }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tokens,
    get ids() {
      return new Set(ids.values());
    },
    finish: () => (finished = true),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
