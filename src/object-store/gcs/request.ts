import { untilAborted } from '../../async/abort.ts';
import { boundedWait, type CallOptions, type Timer } from '../../async/deadline.ts';
import type { Clock } from '../../async/clock.ts';
import { transferTime } from '../../async/transfer.ts';
import type { Random } from '../../async/random.ts';
import { retry } from '../../async/retry.ts';
import type { BucketAnswer } from '../bucket-error.ts';
import { answerOf, GcsError, isTransient, type GcsOperation } from './errors.ts';
import type { GcsBucket, GcsFile, GcsRequestOptions } from './options.ts';

/**
 * The one way in which requests are sent, sent again, and refused. The client is the user's and may be shared. It keeps what its
 * calls decide about retries in one place for all of them, so nothing is called that writes there. Its calls take no signal: when
 * one aborts, the answer is no longer waited for.
 */

/** What a store is made of. */
export interface GcsParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly timer: Timer;
}

/** A store's bucket, and how it waits. */
export interface GcsStore extends GcsParts {
  readonly bucket: GcsBucket;
  /** Empty, or with a `/` at the end. */
  readonly prefix: string;
}

/** The object's name in the bucket, or the beginning of names. */
export interface GcsRequest {
  operation: GcsOperation;
  name: string;
}

/** The error of a request. */
export function gcsError({ bucket }: GcsStore, { operation, name }: GcsRequest, answer: BucketAnswer): GcsError {
  return new GcsError({ operation, bucket: bucket.name, name }, answer);
}

/** How often we send a request. The client is told not to send it again, and in several of its calls never does. */
const TRIES = 4;
/** The most milliseconds before a request is sent for the second time; twice as many before each next one. */
const FIRST_PAUSE = 400;

/**
 * Does something that sends a request, and again if the failure may pass.
 *
 * @throws {@link GcsError}, or the signal's reason.
 */
export function sendPatiently<T>(
  store: GcsStore,
  request: GcsRequest,
  { signal }: CallOptions,
  work: () => Promise<T>,
): Promise<T> {
  const passes = (error: unknown): boolean => isTransient(error as GcsError);
  return retry({ ...store, signal, pause: { first: FIRST_PAUSE }, tries: TRIES, passes }, async () => {
    try {
      return await untilAborted(work(), signal);
    } catch (error) {
      throw error instanceof GcsError ? error : gcsError(store, request, answerOf(error));
    }
  });
}

/**
 * Sends a request, and again if the failure may pass.
 *
 * @throws {@link GcsError}, or the signal's reason.
 */
export function sendRequest(
  store: GcsStore,
  request: GcsRequest,
  options: Omit<GcsRequestOptions, 'maxRetries'>,
  call: CallOptions,
): Promise<GcsReply> {
  // A request about the bucket itself goes by a file too, whatever its name.
  const file = store.bucket.file(request.name || 'bucket');
  return sendPatiently(store, request, call, () => sendOnce(store, file, options, call));
}

/** Milliseconds for the answer to a request that sends nothing. */
const LATEST = 10_000;

/** How long the answer to a request that sends so many bytes may take. */
export function latestFor(bytes: number): number {
  return transferTime(LATEST, bytes);
}

/**
 * Waits for an answer no longer than so many milliseconds. In clients 7.x an answer that breaks off in its middle never comes,
 * neither as a result nor as an error.
 *
 * @throws what `work` throws, the signal's reason, or an error with a system's code, which counts as one that may pass.
 */
export async function inTime<T>(
  { timer }: Pick<GcsStore, 'timer'>,
  ms: number,
  { signal }: CallOptions,
  work: () => Promise<T>,
): Promise<T> {
  const outcome = await boundedWait(timer, ms, signal, work);
  if (outcome.ended === 'value') return outcome.value;
  if (outcome.ended === 'aborted') throw outcome.reason;
  throw Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' });
}

/** What a request was answered with. */
export interface GcsReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Parsed, if it is JSON. */
  readonly body: unknown;
}

interface ClientResponse {
  readonly statusCode?: number;
  readonly headers?: Record<string, string | undefined>;
}

/**
 * Sends a request once. Resolves for success and for the statuses in `accepted`.
 *
 * @throws what the client throws, or {@link inTime}.
 */
export function sendOnce(
  store: Pick<GcsStore, 'timer'>,
  file: GcsFile,
  options: Omit<GcsRequestOptions, 'maxRetries'>,
  call: CallOptions,
  accepted: readonly number[] = [],
): Promise<GcsReply> {
  const answer = (): Promise<GcsReply> =>
    new Promise((resolve, reject) => {
      file.request({ ...options, maxRetries: 0 }, (error, body, response) => {
        const { statusCode = 0, headers = {} } = ((error as { response?: unknown } | null)?.response ??
          response ??
          {}) as ClientResponse;
        if (error && !accepted.includes(statusCode)) reject(error);
        else resolve({ status: statusCode, headers, body });
      });
    });
  return inTime(store, latestFor(options.body?.length ?? 0), call, answer);
}

/** The status for an object, or a bucket, that is not there. */
export const NOT_FOUND = 404;

/** Whether an error says that the object, or the bucket, is not there. */
export function isNotFound(error: unknown): error is GcsError {
  return error instanceof GcsError && error.status === NOT_FOUND;
}
