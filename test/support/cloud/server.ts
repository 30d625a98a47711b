import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A small HTTP server that stands for cloud systems: it follows their documentation, and proves nothing about them. */

/** A job as the stand-in keeps it. */
export interface CloudJob {
  id: string;
  /** What the caller chose: a name, a token, a metadata entry, the start of a custom ID. Some systems have none. */
  key: string | undefined;
  createdAt: Date;
  /** What is said of it, one look each; the last word stays. */
  words: string[];
  cancelled: boolean;
}

/** A request. */
export interface Asked {
  method: string;
  /** Without the query. */
  path: string;
  query: URLSearchParams;
  body: Record<string, unknown>;
}

/** An answer. */
export interface Answer {
  status?: number;
  body: unknown;
  retryAfter?: string;
}

/** The jobs of one system, and what it does. */
export interface Cloud {
  readonly jobs: CloudJob[];
  now: () => Date;
  /** The words of the next jobs. */
  words: string[];
  /** Answers in place of the next ones, in order. */
  instead: Answer[];
  add(key: string | undefined): CloudJob;
  /** The word of this look. */
  look(job: CloudJob): string;
}

/** Answers for one system, as it is documented. `undefined`: no such address. */
export type Api = (asked: Asked, cloud: Cloud) => Answer | undefined;

/** A running stand-in. */
export interface StandIn extends Cloud {
  readonly url: string;
  /** As new. */
  reset(words: readonly string[]): void;
  close(): Promise<void>;
}

/** Starts the stand-in of one system on a free port of 127.0.0.1. */
export async function startStandIn(api: Api, idOf: (count: number) => string): Promise<StandIn> {
  const cloud: Cloud = {
    jobs: [],
    now: () => new Date(),
    words: [],
    instead: [],
    add(key) {
      const words = [...cloud.words];
      const job = { id: idOf(cloud.jobs.length + 1), key, createdAt: cloud.now(), words, cancelled: false };
      cloud.jobs.unshift(job);
      return job;
    },
    look: ({ words }) => (words.length > 1 ? words.shift() : words[0]) ?? '',
  };
  const server = createServer((request, response) => {
    void read(request).then((asked) => {
      const login: Answer | undefined = asked.path.startsWith('/computeMetadata/')
        ? { body: { access_token: 'token' } }
        : undefined;
      const { status = 200, body, retryAfter } = login ?? cloud.instead.shift() ?? api(asked, cloud) ?? { status: 404, body: {} };
      const headers = { 'content-type': 'application/json', ...(retryAfter !== undefined && { 'retry-after': retryAfter }) };
      response.writeHead(status, headers).end(typeof body === 'string' ? body : JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(cloud, {
    url,
    reset(words: readonly string[]) {
      cloud.jobs.length = 0;
      cloud.instead.length = 0;
      cloud.words = [...words];
    },
    close: () => new Promise<void>((resolve) => (server.closeAllConnections(), server.close(() => resolve()))),
  });
}

async function read(request: IncomingMessage): Promise<Asked> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
  const sent = await text(request);
  const body = (sent === '' ? {} : JSON.parse(sent)) as Record<string, unknown>;
  return { method: request.method ?? '', path: pathname, query: searchParams, body };
}
