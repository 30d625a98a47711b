import type { IncomingMessage, ServerResponse } from 'node:http';
import { systemClock, type Clock } from '../../async/clock.ts';
import { systemTimer } from '../../async/deadline.ts';
import { anything, bytesFrom, callable, checkOptions, duration, methods, type Check, type Checks } from '../../model/checks.ts';
import { milliseconds, type Duration } from '../../model/duration.ts';
import { ConfigError } from '../../model/errors/store.ts';
import type { Logger } from '../../observe/logger.ts';
import { answerTo, type AnswerParts, type Callback } from './answer.ts';
import { incomingNode, sendAnswer } from './node.ts';
import { signedUrl } from './signed-url.ts';
import { incomingWeb, webResponse } from './web.ts';

/** The way from an external system back to the job: a signed URL for it to call, and the handler of that URL. */

/** Options of `callbackHandler()`. */
export interface CallbackHandlerOptions {
  /**
   * Signs the URLs: a text of at least 32 characters that nobody else knows, the same in every process. To change it, give a list:
   * the first one signs, and URLs that any of them signed are good.
   */
  secret: string | readonly string[];
  /**
   * Brings a callback to its job: `wake()` of `mooring/bullmq`, or `completeActivity()` of `mooring/temporal`. A sender may call
   * several times, so doing it twice must do no harm. If it rejects with an error that is not retryable, the sender is answered 400
   * (`InvalidValueError`) or 500. After any other error it is asked to try again.
   */
  deliver: (callback: Callback) => Promise<unknown>;
  /**
   * How long a URL is good. It should outlast the external job.
   * @defaultValue '30d'
   */
  expiresIn?: Duration;
  /**
   * The most bytes of a body.
   * @defaultValue 65_536
   */
  maxBodyBytes?: number;
  /**
   * How long a body may take to arrive, and how long `deliver` may take.
   * @defaultValue '10s'
   */
  timeout?: Duration;
  /**
   * Gets a warning for each callback that could not be delivered. No line holds a URL, a token or a body.
   * @defaultValue none
   */
  logger?: Logger;
  /**
   * Tells when a URL expires.
   * @defaultValue the system's
   */
  clock?: Clock;
}

/** Makes URLs for external systems, and answers those who call them. */
export interface CallbackHandler {
  /**
   * The URL for an external system to call when its job has ended. `base` is where the handler is reached: an absolute URL, whose
   * own query is kept. Whoever has the URL may call it, so treat it as a password of this one job.
   *
   * @throws `ConfigError` for an invalid base or token.
   */
  url(base: string | URL, callbackToken: string): string;
  /** Answers a request of `node:http`, Express, or the raw one of Fastify. There is nothing to wait for, and it never throws. */
  node(this: void, request: IncomingMessage, response: ServerResponse): void;
  /** Answers a `Request` of the web: Hono, and whatever else speaks in these. Never rejects. */
  fetch(this: void, request: Request): Promise<Response>;
}

const LEAST_SECRET = 32;
/** The value is never told. */
const requireSecret: Check = (secret, option) => {
  const secrets: readonly unknown[] = Array.isArray(secret) ? secret : [secret];
  const sound = secrets.length > 0 && secrets.every((one) => typeof one === 'string' && one.length >= LEAST_SECRET);
  if (!sound) throw new ConfigError(option, `must be a text of at least ${LEAST_SECRET} characters, or a list of such texts`);
};

const CHECKS: Checks<CallbackHandlerOptions> = {
  secret: requireSecret,
  deliver: callable,
  expiresIn: duration,
  maxBodyBytes: bytesFrom(0),
  timeout: duration,
  logger: anything,
  clock: methods('now'),
};

/**
 * Makes signed URLs for external systems to call, and handles these calls.
 *
 * The answers: 204 if the callback was delivered, also if there was nothing left to do. 403 for every URL that was not signed here,
 * and 410 for one that has expired. 405 for any method but POST. 413 for a body that is too large, 408 for one that takes too long,
 * 400 for one that is not valid. 503 with `Retry-After` if it could not be delivered now, 500 if it never can. Each comes within
 * two times `timeout`.
 *
 * @throws `ConfigError` for an invalid option.
 */
export function callbackHandler(options: CallbackHandlerOptions): CallbackHandler {
  checkOptions('options', options, CHECKS, ['secret', 'deliver']);
  const { secret, deliver, maxBodyBytes = 65_536, logger, clock = systemClock } = options;
  const expiresIn = milliseconds(options.expiresIn ?? '30d', 'expiresIn');
  const [signs, ...others] = (typeof secret === 'string' ? [secret] : secret) as [string, ...string[]];
  const timeout = milliseconds(options.timeout ?? '10s', 'timeout');
  const secrets = [signs, ...others];
  const parts: AnswerParts = { secrets, deliver, maxBodyBytes, timeout, logger, clock, timer: systemTimer };
  return {
    url: (base, callbackToken) => signedUrl(base, callbackToken, signs, clock.now() + expiresIn),
    node(request, response) {
      const answered = answerTo(parts, incomingNode(request)).then((answer) => sendAnswer(request, response, answer));
      // Whatever server this is, it does not take the answer.
      answered.catch(() => response.destroy());
    },
    fetch: async (request) => webResponse(await answerTo(parts, incomingWeb(request))),
  };
}
