import { BucketError, httpCode, wordsOf, type BucketAnswer, type BucketRequest } from '../bucket-error.ts';
import { systemCode } from '../system-code.ts';
import { CUT_SHORT } from './body.ts';

/** What Google Cloud Storage answers in place of what was asked for. */

/** The operation, as the API calls it. */
export type GcsOperation = 'objects.get' | 'objects.insert' | 'objects.delete' | 'objects.list' | 'buckets.get';

/** Text as long as a key, a token or a signature. */
const SECRET = /[A-Za-z0-9+/=._-]{40,}/g;

/** A request that was refused, failed, or not answered. It holds names and codes, never what the client sent with them. */
export class GcsError extends BucketError {
  constructor(request: BucketRequest & { operation: GcsOperation }, answer: BucketAnswer) {
    const message = wordsOf(answer.message, SECRET);
    super('gs', request, { ...answer, message }, remedy(request.operation, answer.code, answer.status));
  }
}

/** The code for a bucket that does not exist. */
export const NO_BUCKET = 'bucketNotFound';

/** What the credentials must be allowed to do: https://cloud.google.com/storage/docs/access-control/iam-permissions */
const PERMISSIONS: Readonly<Record<GcsOperation, string>> = {
  'objects.get':
    'storage.objects.get, and storage.objects.list, without which the server answers 403 for a missing object, on the bucket',
  'objects.insert': 'storage.objects.create on the bucket',
  'objects.delete': 'storage.objects.delete on the bucket',
  'objects.list': 'storage.objects.list on the bucket',
  'buckets.get': 'storage.buckets.get',
};
const UNAUTHORIZED = 401;
const FORBIDDEN = 403;

function remedy(operation: GcsOperation, code: string, status: number | undefined): string | undefined {
  if (code === NO_BUCKET) return 'Check the name of the bucket, and the endpoint of the client';
  if (code === NO_CREDENTIALS || status === UNAUTHORIZED) return 'Check the credentials of the client';
  return status === FORBIDDEN ? `The credentials need ${PERMISSIONS[operation]}` : undefined;
}

const NO_CREDENTIALS = 'noCredentials';
const NO_ANSWER = 'no answer';

interface ThrownByClient {
  readonly code?: unknown;
  readonly type?: unknown;
  readonly status?: unknown;
  readonly message?: unknown;
  readonly errors?: unknown;
  readonly response?: { readonly status?: unknown; readonly statusCode?: unknown };
}

/** What is safe to know of whatever a client rejects with. */
export function answerOf(thrown: unknown): BucketAnswer {
  const { code, type, status, message, errors, response } = (
    typeof thrown === 'object' && thrown !== null ? thrown : {}
  ) as ThrownByClient;
  const http = [code, status, response?.statusCode, response?.status].map(Number).find((number) => number >= 100 && number < 600);
  const text = typeof message === 'string' ? message : '';
  // An answer that broke off. Its status does not say how it would have ended.
  if (http !== undefined && http < 300) return { code: CUT_SHORT };
  if (http !== undefined) return { code: reasonOf(errors) ?? httpCode(http), status: http, message: text };
  if (/default credentials|invalid_grant|invalid_client/.test(text)) return { code: NO_CREDENTIALS };
  if (type === 'request-timeout') return { code: 'ETIMEDOUT' };
  if (code === CUT_SHORT) return { code };
  return { code: systemCode(thrown) ?? NO_ANSWER };
}

function reasonOf(errors: unknown): string | undefined {
  const reason: unknown = Array.isArray(errors) ? (errors[0] as { reason?: unknown } | undefined)?.reason : undefined;
  return typeof reason === 'string' && /^[A-Za-z]+$/.test(reason) ? reason : undefined;
}

const TRANSIENT_STATUSES: readonly (number | undefined)[] = [408, 429, 500, 502, 503, 504];
const TRANSIENT_CODES: readonly string[] = [
  CUT_SHORT,
  'rateLimitExceeded',
  'userRateLimitExceeded',
  'ECONNRESET',
  'ECONNREFUSED',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EAI_AGAIN',
  'ERR_STREAM_PREMATURE_CLOSE',
];

/** Whether the same request may succeed a moment later: https://cloud.google.com/storage/docs/retry-strategy */
export function isTransient({ code, status }: BucketAnswer): boolean {
  return TRANSIENT_STATUSES.includes(status) || TRANSIENT_CODES.includes(code);
}
