import type { IncomingMessage, ServerResponse } from 'node:http';
import { abortController, onAbort } from '../async/abort.ts';
import { systemClock } from '../async/clock.ts';
import { requireSignal, systemTimer } from '../async/deadline.ts';
import type { Incoming } from '../job/callback/answer.ts';
import { incomingNode, sendAnswer } from '../job/callback/node.ts';
import { incomingWeb, webResponse } from '../job/callback/web.ts';
import { jobRecords } from '../job/operator/records.ts';
import { checkOptions, duration, rule, trueOrFalse, type Check, type Checks } from '../model/checks.ts';
import { milliseconds, type Duration } from '../model/duration.ts';
import { ConfigError } from '../model/errors/store.ts';
import { internalsOf } from '../state-store/internals.ts';
import type { StateStore } from '../state-store/state-store.ts';
import { createFeed } from './feed.ts';
import { boardAnswer, FULL, STREAM_HEADERS, type BoardAnswer, type RouteParts } from './routes.ts';
import { nodeSink, webStream } from './sinks.ts';

/** The board: a page that shows what runs, what waits for a person and what was not run twice. */

/** Options of `boardHandler()`. */
export interface BoardHandlerOptions {
  /**
   * Whether people may answer, reopen and forget. Otherwise every change is refused.
   * @defaultValue false
   */
  allowChanges?: boolean;
  /**
   * Whether people may read stored values, each when they ask for it.
   * @defaultValue true
   */
  showValues?: boolean;
  /**
   * A text of at least 32 characters that the page must know: people open `<address>#<token>`. Needed unless a login stands before
   * the board.
   * @defaultValue none
   */
  token?: string;
  /**
   * Where people reach the board, such as `['https://ops.example.com']`. Requests to any other host, and from pages of any other
   * origin, are refused. Give it if a proxy changes the `Host`.
   * @defaultValue any host; only pages of that host
   */
  origins?: readonly string[];
  /**
   * The shortest pause between two looks at the store. There is one look for all pages, and none while no page is open.
   * @defaultValue '2s'
   */
  interval?: Duration;
  /**
   * The most records that are shown. The page says how many more there are.
   * @defaultValue 20_000
   */
  maxJobs?: number;
  /**
   * The most pages that are open at the same time.
   * @defaultValue 20
   */
  maxListeners?: number;
  /**
   * Ends the board, as `close()` does.
   * @defaultValue none
   */
  signal?: AbortSignal;
}

/** A board to mount in a server. Whoever reaches it sees every job: it belongs behind a login. */
export interface BoardHandler {
  /** Answers a request of `node:http`, Express, or the raw one of Fastify. There is nothing to wait for, and it never throws. */
  node(this: void, request: IncomingMessage, response: ServerResponse): void;
  /** Answers a `Request` of the web: Hono, and whatever else speaks in these. Never rejects. */
  fetch(this: void, request: Request): Promise<Response>;
  /** Ends all streams and all work. Later requests are answered 503. Call it before you close the server, and before the store. */
  close(this: void): void;
}

/** A framework may have cut the path at which the board is mounted: then nothing tells whether it had its last slash. */
function asSent(request: IncomingMessage & { originalUrl?: string }): Incoming {
  const incoming = incomingNode(request);
  return { ...incoming, url: request.originalUrl ?? incoming.url };
}

const LEAST_TOKEN = 32;
/** The value is never told. */
const requireToken: Check = (token, option) => {
  if (typeof token === 'string' && token.length >= LEAST_TOKEN) return;
  throw new ConfigError(option, `must be a text of at least ${LEAST_TOKEN} characters`);
};
const isOrigin = (one: unknown): boolean => typeof one === 'string' && URL.canParse(one) && new URL(one).origin === one;
const count = rule('must be a whole number of at least 1', (value) => Number.isSafeInteger(value) && (value as number) >= 1);

const CHECKS: Checks<BoardHandlerOptions> = {
  allowChanges: trueOrFalse,
  showValues: trueOrFalse,
  token: requireToken,
  origins: rule(
    "must be a list of origins, such as 'https://ops.example.com', without a path",
    (value) => Array.isArray(value) && value.length > 0 && value.every(isOrigin),
  ),
  interval: duration,
  maxJobs: count,
  maxListeners: count,
  signal: (value) => requireSignal(value as AbortSignal),
};

/**
 * Makes the handler of a board. It never closes the store.
 *
 * @throws `ConfigError` for an invalid option, or a store that `createStateStore()` did not make.
 */
export function boardHandler(store: StateStore, options: BoardHandlerOptions = {}): BoardHandler {
  return createBoard(store, options).handler;
}

/** A board, and the way to have its picture ready before the first page is open. */
export function createBoard(store: StateStore, options: BoardHandlerOptions): { handler: BoardHandler; warm: () => void } {
  checkOptions('options', options, CHECKS);
  const core = internalsOf(store);
  const { allowChanges = false, showValues = true, maxJobs = 20_000, maxListeners = 20, token, origins, signal } = options;
  const records = jobRecords(store);
  const end = abortController();
  const now = (within: AbortSignal): Promise<number> => core.track(() => core.metastore.now({ signal: within }));
  const interval = milliseconds(options.interval ?? '2s', 'interval');
  const hello = { allowChanges, showValues };
  const feed = createFeed({ records, now, clock: systemClock, timer: systemTimer, interval, most: maxJobs, hello });
  onAbort(end.signal, () => feed.close());
  const leave = signal ? onAbort(signal, () => end.abort()) : undefined;
  const guard = { token, origins };
  const answering = { store, records, feed, allowChanges, showValues, now, timer: systemTimer, life: end.signal };
  const parts: RouteParts = { ...guard, ...answering };
  // Whoever is let in joins in the same step: nobody else comes between.
  const letIn = (answer: BoardAnswer): BoardAnswer => (answer === 'stream' && feed.listeners >= maxListeners ? FULL : answer);
  const handler: BoardHandler = {
    node(request, response) {
      const answered = boardAnswer(parts, asSent(request)).then((asked) => {
        const answer = letIn(asked);
        if (answer !== 'stream') return sendAnswer(request, response, answer);
        if (response.destroyed) return;
        response.writeHead(200, STREAM_HEADERS);
        response.once('close', feed.join(nodeSink(response)));
      });
      // Whatever server this is, it does not take the answer.
      answered.catch(() => response.destroy());
    },
    async fetch(request) {
      const answer = letIn(await boardAnswer(parts, incomingWeb(request)));
      if (answer !== 'stream') return webResponse(answer);
      return new Response(webStream(feed.join), { status: 200, headers: STREAM_HEADERS });
    },
    close() {
      leave?.();
      end.abort();
    },
  };
  return { handler, warm: feed.warm };
}
