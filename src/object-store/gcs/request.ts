import { boundedWait, untilAborted, type CallOptions, type Timer } from '../../async/deadline.ts';
import type { Random } from '../../async/random.ts';
import { answerOf, GcsError, isTransient, NO_BUCKET, type GcsRequest } from './errors.ts';
import type { GcsBucket, GcsFile, GcsRequestOptions } from './options.ts';

/**
 * The one way in which requests are sent, sent again, and refused. The client is the user's and may be shared, and it keeps what its
 * calls decide about retries in one place for all of them: so nothing is called that writes there. Whatever is called takes no
 * signal: when one aborts, the answer is no longer waited for.
 */

/** A store's bucket, and how it waits. */
export interface GcsStore {
  readonly bucket: GcsBucket;
  /** Empty, or with a `/` at the end. */
  readonly prefix: string;
  readonly timer: Timer;
  readonly random: Random;
}

/** How often a request is sent again, by us: the client is told not to, and does not in several of its calls. */
const RETRIES = 3;
/** Milliseconds before it is sent for the second time at most; twice as many before the next. */
const FIRST_PAUSE = 400;

/**
 * Does something that sends a request, and again where it failed in a way that passes.
 *
 * @throws {@link GcsError}, or the signal's reason.
 */
export async function persistently<T>(
  store: GcsStore,
  { operation, name }: Pick<GcsRequest, 'operation' | 'name'>,
  { signal }: CallOptions,
  work: () => Promise<T>,
): Promise<T> {
  for (let sent = 0; ; sent += 1) {
    signal?.throwIfAborted();
    try {
      return await untilAborted(work(), signal);
    } catch (error) {
      signal?.throwIfAborted();
      const answer = error instanceof GcsError ? error : answerOf(error);
      if (sent === RETRIES || !isTransient(answer)) {
        throw error instanceof GcsError ? error : new GcsError({ operation, bucket: store.bucket.name, name }, answer);
      }
    }
    const ms = FIRST_PAUSE * 2 ** sent * (0.5 + store.random() / 2);
    await boundedWait(store.timer, ms, signal, () => new Promise<never>(() => undefined));
  }
}

/** Milliseconds for the answer to a request that sends nothing, and to one for a page of a bucket that holds much. */
const LATEST = 10_000;
const LATEST_PAGE = 60_000;
/** Bytes in a millisecond that a line has at least: 2 Mbit/s. */
const SLOWEST = 256;

/** How long the answer to a request that sends so many bytes may take. */
export function latestFor(bytes: number): number {
  return LATEST + bytes / SLOWEST;
}

/**
 * Waits for an answer no longer than so many milliseconds. In clients 7.x one that breaks off in its middle never comes, neither as a
 * result nor as an error.
 *
 * @throws what `work` throws, the signal's reason, or an error of the system's kind, which passes.
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
  /** Parsed, where it is JSON. */
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

const NOT_FOUND = 404;

/** Whether an error says that the object, or the bucket, is not there. */
export function isNotFound(error: unknown): error is GcsError {
  return error instanceof GcsError && error.status === NOT_FOUND;
}

/**
 * Makes sure that it was the object that was not found: a missing bucket is answered with the same status.
 *
 * @throws {@link GcsError} when there is no such bucket, or nobody may ask for it.
 */
export async function requireBucket(store: GcsStore, call: CallOptions): Promise<void> {
  await listPage(store, '', call, { maxResults: 1 });
}

/** A page of a listing. */
export interface GcsPage {
  readonly items?: readonly { name: string; size: string | number; timeCreated: string }[];
  readonly nextPageToken?: string;
}

/**
 * One page of a listing.
 *
 * @throws {@link GcsError}
 */
export async function listPage(
  store: GcsStore,
  prefix: string,
  call: CallOptions,
  page: { maxResults: number; pageToken?: string },
): Promise<GcsPage> {
  const { bucket } = store;
  const request: GcsRequest = { operation: 'objects.list', bucket: bucket.name, name: store.prefix + prefix };
  const fields = 'items(name,size,timeCreated),nextPageToken';
  try {
    const answer = await persistently(store, request, call, () =>
      inTime(store, LATEST_PAGE, call, () => bucket.getFiles({ prefix: request.name, autoPaginate: false, fields, ...page })),
    );
    return (answer as readonly unknown[])[2] ?? {};
  } catch (error) {
    throw isNotFound(error) ? new GcsError(request, { code: NO_BUCKET, status: NOT_FOUND }) : error;
  }
}
