import { bounded, type Timer } from '../../async/deadline.ts';
import type { Clock } from '../../async/clock.ts';
import { ConfigError, InvalidValueError, isMooringError } from '../../model/errors/store.ts';
import type { Logger } from '../../observe/logger.ts';
import { verifyUrl } from './signed-url.ts';

/** What a callback is answered with: which checks it meets, in which order, and what the sender is told. */

/** A callback whose URL was signed here and has not expired. Whoever has the URL chose the rest of it. */
export interface Callback {
  /** The token that `submit` was given. */
  readonly callbackToken: string;
  /** The body, unchanged. */
  readonly body: Uint8Array;
  /** A header by its name, in any case; `undefined` if there is none. */
  header(name: string): string | undefined;
  /**
   * The body as JSON.
   * @throws `InvalidValueError` if it is none; the sender is then answered 400.
   */
  json(): unknown;
  /** Aborts when the sender was told to try again, since this took too long. */
  readonly signal: AbortSignal;
}

/** A request, whatever server it came to. */
export interface Incoming {
  readonly method: string | undefined;
  /** At least its path and query. */
  readonly url: string;
  header(name: string): string | undefined;
  /**
   * Reads the body; `undefined` if it has more than `most` bytes. What is read in vain is bounded.
   * @throws {@link ConfigError} if somebody has read it already; anything else if it ends too early.
   */
  read(most: number, signal: AbortSignal): Promise<Uint8Array | undefined>;
}

/** What is told to the sender. */
export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What answering needs. Lengths of time are in milliseconds. */
export interface AnswerParts {
  readonly secrets: readonly string[];
  readonly deliver: (callback: Callback) => Promise<unknown>;
  readonly maxBodyBytes: number;
  readonly timeout: number;
  readonly logger: Logger | undefined;
  readonly clock: Clock;
  readonly timer: Timer;
}

const ALWAYS = { 'cache-control': 'no-store', 'content-type': 'text/plain; charset=utf-8' };
const answer = (status: number, text: string, headers: Record<string, string> = {}): HttpAnswer => ({
  status,
  text,
  headers: { ...ALWAYS, ...headers },
});

const DONE: HttpAnswer = { status: 204, text: '', headers: { 'cache-control': 'no-store' } };
const WRONG = answer(403, 'this URL is not valid');
const EXPIRED = answer(410, 'this URL has expired');
const NOT_POST = answer(405, 'only POST', { allow: 'POST' });
const TOO_LARGE = answer(413, 'the body is too large');
const TOO_SLOW = answer(408, 'the body took too long');
const BAD_BODY = answer(400, 'the body is not valid');
const BROKEN = answer(500, 'the callback cannot be handled');
const LATER = answer(503, 'try again later', { 'retry-after': '10' });

/** Answers one request. Never rejects. The body is read only for a URL that is good. */
export async function answerTo(parts: AnswerParts, request: Incoming): Promise<HttpAnswer> {
  const { timer, timeout, maxBodyBytes } = parts;
  if (request.method !== 'POST') return NOT_POST;
  const verdict = verifyUrl(request.url, parts.secrets, parts.clock.now());
  if (verdict === 'wrong') return WRONG;
  if (verdict === 'expired') return EXPIRED;
  try {
    const read = await bounded(timer, timeout, undefined, (signal) => request.read(maxBodyBytes, signal));
    if (read.ended !== 'value') return TOO_SLOW;
    if (read.value === undefined) return TOO_LARGE;
    const { callbackToken } = verdict;
    const body = read.value;
    const { header } = request;
    const callback = { callbackToken, body, header, json: () => parsed(body) };
    const delivered = await bounded(timer, timeout, undefined, async (signal) => parts.deliver({ ...callback, signal }));
    if (delivered.ended === 'value') return DONE;
    tell(parts, LATER, { reason: 'it took too long' });
    return LATER;
  } catch (error) {
    const told = answerFor(error);
    tell(parts, told, fieldsOf(error));
    return told;
  }
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString());
  } catch {
    // The text of the parser's error would hold a part of the body.
    throw new InvalidValueError('the body', 'is not JSON');
  }
}

/** What no retry mends is said at once; anything else may be an outage, and the sender tries again. */
function answerFor(error: unknown): HttpAnswer {
  if (error instanceof BrokenOff) return BAD_BODY;
  if (!isMooringError(error) || error.retryable) return LATER;
  return error.code === 'mooring.invalid-value' ? BAD_BODY : BROKEN;
}

/** Only the text of an outage is told. Any other may hold the token, or a part of the body. */
function fieldsOf(error: unknown): object {
  if (error instanceof BrokenOff) return { reason: error.message };
  if (isMooringError(error)) return { code: error.code, ...(error.retryable && { reason: error.message }) };
  return { reason: error instanceof Error ? error.name : typeof error };
}

function tell({ logger }: AnswerParts, { status }: HttpAnswer, fields: object): void {
  try {
    logger?.warn({ status, ...fields }, 'a callback could not be delivered');
  } catch {
    // Nobody is left to tell.
  }
}

/** The sender went away, or its body ended too early. */
export class BrokenOff extends Error {
  override readonly name = 'BrokenOff';
}

/** The error for a body that a parser has taken. */
export function alreadyRead(): ConfigError {
  return new ConfigError('request', 'must have a body that no other code has read: handle callbacks before any body parser');
}
