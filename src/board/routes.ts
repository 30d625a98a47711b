import { bounded, type Timer } from '../async/deadline.ts';
import { BrokenOff, type HttpAnswer, type Incoming } from '../job/callback/answer.ts';
import type { JobRecords } from '../job/operator/record.ts';
import { taskScope } from '../model/check-scope.ts';
import { isMooringError, StoreUnavailableError } from '../model/errors/store.ts';
import type { StateStore } from '../state-store/state-store.ts';
import { BOARD_CHANGES, makeChange, type AskedChange } from './change.ts';
import { detailOf, previewOf } from './detail.ts';
import { faultOf, statusOf } from './fault.ts';
import type { Feed } from './feed.ts';
import { checkCaller, checkPlace, type GuardParts, type BoardRefusal } from './guard.ts';
import { BOARD_HEADERS } from './headers.ts';
import { BOARD_PAGE } from './page.ts';

/**
 * What each request is answered. Files of the page are read with GET and hold no data. Everything else is a POST: what it is about
 * is in its body, so that no URL names a job or a value. Only the last segment of a path counts, so the board can be mounted
 * anywhere.
 */

/** What answering needs. */
export interface RouteParts extends GuardParts {
  readonly store: StateStore;
  readonly records: JobRecords;
  readonly feed: Feed;
  readonly allowChanges: boolean;
  readonly showValues: boolean;
  /** The time of the metastore. */
  now(signal: AbortSignal): Promise<number>;
  readonly timer: Timer;
  /** Aborts when the board ends. */
  readonly life: AbortSignal;
}

/** An answer; `stream` stands for the events that go on, unless too many listen by then. */
export type BoardAnswer = HttpAnswer | 'stream';

const MOST_BODY = 16 * 1024;
const BODY_TIMEOUT = 10_000;
const WORK_TIMEOUT = 30_000;

const answer = (status: number, type: string, text: string, headers: Record<string, string> = {}): HttpAnswer => ({
  status,
  text,
  headers: { ...BOARD_HEADERS, 'content-type': type, ...headers },
});
const json = (status: number, body: object, headers?: Record<string, string>): HttpAnswer =>
  answer(status, 'application/json', JSON.stringify(body), headers);
const refusal = (status: number, code: string, message: string, headers?: Record<string, string>): HttpAnswer =>
  json(status, { error: { code: `board.${code}`, message } }, headers);

/** Headers of the stream. */
export const STREAM_HEADERS: Readonly<Record<string, string>> = {
  ...BOARD_HEADERS,
  'cache-control': 'no-store, no-transform',
  'content-type': 'text/event-stream',
  'x-accel-buffering': 'no',
};

const REFUSALS: Readonly<Record<BoardRefusal, HttpAnswer>> = {
  host: refusal(403, 'host', 'the board is not reached by this address'),
  origin: refusal(403, 'origin', 'the request comes from another page'),
  header: refusal(403, 'header', 'the request does not come from the page of the board'),
  token: refusal(401, 'token', 'the token is not valid: open the address that the command printed'),
};
const ENDED = refusal(503, 'ended', 'the board has ended');
const NOT_FOUND = refusal(404, 'not-found', 'the board has no such file');
const READ_ONLY = refusal(403, 'read-only', 'this board changes nothing: whoever runs it has not allowed changes');
const NO_VALUES = refusal(403, 'no-values', 'this board shows no values');
const NO_VALUE = refusal(404, 'no-value', 'there is no such value: it was deleted, or it has expired');
/** The answer in place of a stream, if too many listen. */
export const FULL: HttpAnswer = refusal(503, 'full', 'too many pages watch this board', { 'retry-after': '10' });
const NO_METHOD = refusal(405, 'method', 'only GET and POST', { allow: 'GET, HEAD, POST' });
const TOO_LARGE = refusal(413, 'too-large', 'the body is too large');
const TOO_SLOW = refusal(408, 'too-slow', 'the body took too long');
const BAD_BODY = refusal(400, 'bad-body', 'the body is not valid');
const DONE = json(200, {});

/** What can be asked about a job. */
const ASKED = ['job', 'value', ...BOARD_CHANGES] as const;

/** Answers one request. Never rejects. */
export async function boardAnswer(parts: RouteParts, request: Incoming): Promise<BoardAnswer> {
  if (parts.life.aborted) return ENDED;
  const misplaced = checkPlace(parts, request);
  if (misplaced) return REFUSALS[misplaced];
  const [path = ''] = request.url.split(/[?#]/);
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (request.method === 'GET' || request.method === 'HEAD') return fileAnswer(name);
  if (request.method !== 'POST') return NO_METHOD;
  const refused = checkCaller(parts, request);
  if (refused) return REFUSALS[refused];
  if (name === 'events.stream') return 'stream';
  try {
    return await dataAnswer(parts, name, request);
  } catch (error) {
    if (error instanceof BrokenOff) return BAD_BODY;
    return json(statusOf(error), { error: faultOf(error) });
  }
}

/** A page without its last slash would look for its files one folder too high. */
function fileAnswer(name: string): HttpAnswer {
  const file = Object.hasOwn(BOARD_PAGE, name || 'index.html') ? BOARD_PAGE[name || 'index.html'] : undefined;
  if (file) return answer(200, file.type, file.text);
  return name.includes('.')
    ? NOT_FOUND
    : answer(307, 'text/plain; charset=utf-8', '', { location: `${encodeURIComponent(name)}/` });
}

async function dataAnswer(parts: RouteParts, name: string, request: Incoming): Promise<HttpAnswer> {
  const what = ASKED.find((one) => `${one}.json` === name);
  if (what === undefined) return NOT_FOUND;
  if (what !== 'job' && what !== 'value' && !parts.allowChanges) return READ_ONLY;
  if (what === 'value' && !parts.showValues) return NO_VALUES;
  const read = await bounded(parts.timer, BODY_TIMEOUT, parts.life, (signal) => request.read(MOST_BODY, signal));
  if (read.ended === 'aborted') return ENDED;
  if (read.ended === 'deadline') return TOO_SLOW;
  if (read.value === undefined) return TOO_LARGE;
  const asked = askedOf(read.value);
  if (!asked) return BAD_BODY;
  const done = await bounded(parts.timer, WORK_TIMEOUT, parts.life, (signal) => work(parts, what, asked, signal));
  if (done.ended === 'aborted') return ENDED;
  if (done.ended === 'deadline') throw new StoreUnavailableError('the store took too long', { store: 'metastore' });
  return done.value;
}

async function work(
  { store, records, feed, now }: RouteParts,
  what: (typeof ASKED)[number],
  asked: AskedChange,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  if (what === 'job') return json(200, await detailOf(store, records, asked, await now(signal), signal));
  if (what === 'value') {
    const preview = await previewOf(store, asked, signal);
    return preview ? json(200, preview) : NO_VALUE;
  }
  await makeChange(records, what, asked, signal);
  feed.poke();
  return DONE;
}

const TEXTS = ['version', 'externalId', 'orphan'] as const;

/** What a body asks for; `undefined` if that cannot be read. */
function askedOf(body: Uint8Array): AskedChange | undefined {
  try {
    const given = JSON.parse(Buffer.from(body).toString()) as Record<string, unknown>;
    const scope = taskScope(given['scope'] as never);
    const { key, json: isJson } = given;
    if (typeof key !== 'string') return undefined;
    const texts = TEXTS.filter((name) => typeof given[name] === 'string').map((name) => [name, given[name]]);
    return { scope, key, ...(Object.fromEntries(texts) as Partial<AskedChange>), ...(isJson === true && { json: true }) };
  } catch (error) {
    if (isMooringError(error) || error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}
