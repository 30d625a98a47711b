/**
 * What the server of a bucket answers in place of what was asked for. The client's own errors stay behind. Signed texts, tokens,
 * addresses of upload sessions and whole responses hang on them, and a logger would print them.
 */

/** The request. */
export interface BucketRequest {
  /** As the API calls it. */
  operation: string;
  bucket: string;
  /** The object's name in the bucket, or the beginning of names. */
  name: string;
}

/** The parts of an error of the client, or of an entry in a list of failures, that are kept. */
export interface BucketAnswer {
  /** The server's code or reason (`AccessDenied`), or the system's (`ECONNREFUSED`). */
  code: string;
  /** The status of HTTP; none if there was no answer. */
  status?: number | undefined;
  /** In the server's words. */
  message?: string | undefined;
}

/** A request that was refused, failed, or not answered. It holds names and codes, never what the client sent with them. */
export abstract class BucketError extends Error {
  /** The server's code or reason (`AccessDenied`), or the system's (`ECONNREFUSED`). */
  readonly code: string;
  /** The status of HTTP; none if there was no answer. */
  readonly status: number | undefined;
  /** As the API calls it: `PutObject`, `objects.get`. */
  readonly operation: string;
  /** The bucket's name. */
  readonly bucket: string;
  /** The object's name in the bucket, or the beginning of those that were listed. */
  readonly objectName: string;

  constructor(scheme: string, { operation, bucket, name }: BucketRequest, answer: BucketAnswer, remedy: string | undefined) {
    const { code, status, message } = answer;
    const answered = status === undefined || code === httpCode(status) ? code : `${code} (HTTP ${status})`;
    const parts = [`${operation} of ${scheme}://${bucket}/${name} failed: ${answered}`, message, remedy];
    super(parts.filter(Boolean).join('. '));
    this.name = new.target.name;
    this.code = code;
    this.status = status;
    this.operation = operation;
    this.bucket = bucket;
    this.objectName = name;
  }
}

/** The code of an answer that has only a status. */
export function httpCode(status: number): string {
  return `HTTP ${status}`;
}

const LONGEST_WORDS = 300;

/**
 * A message in one line. A server may repeat what it was sent, so queries, and whatever has the form of a secret, are left out.
 *
 * @param secret - Matches text as long as a key, a token or a signature, in their letters.
 */
export function wordsOf(message: string | undefined, secret: RegExp): string | undefined {
  return message
    ?.replace(/[^\x20-\x7E]+/g, ' ')
    .replace(/\?\S+/g, '?…')
    .replace(secret, '…')
    .trim()
    .replace(/\.$/, '')
    .slice(0, LONGEST_WORDS);
}
