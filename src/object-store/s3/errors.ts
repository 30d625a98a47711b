/**
 * What S3 answers in place of what was asked for. The client's own errors stay behind: the signature that was refused, the signed
 * request with its session token, and the whole response hang on them, and a logger would print them.
 */

/** What was asked for. */
export interface S3Request {
  operation: string;
  bucket: string;
  /** The object's name in the bucket, or the beginning of names. */
  name: string;
}

/** What is taken over from an error of the client, or from an entry of a list of failures. */
export interface S3Answer {
  /** S3's code (`AccessDenied`), or the system's (`ECONNREFUSED`). */
  code: string;
  /** Of HTTP; none where there was no answer. */
  status?: number | undefined;
  /** In the server's words. */
  message?: string | undefined;
  requestId?: string | undefined;
}

/** A request that S3 refused, failed at, or did not answer. It holds names and codes, never what the client sent with them. */
export class S3Error extends Error {
  /** S3's code (`AccessDenied`), or the system's (`ECONNREFUSED`). */
  readonly code: string;
  /** Of HTTP; none where there was no answer. */
  readonly status: number | undefined;
  /** As the API calls it: `PutObject`. */
  readonly operation: string;
  /** The bucket's name. */
  readonly bucket: string;
  /** The object's name in the bucket, or the beginning of those that were listed. */
  readonly objectName: string;
  /** By which the server's operators find the request. */
  readonly requestId: string | undefined;

  constructor(request: S3Request, { code, status, message, requestId }: S3Answer) {
    const { operation, bucket, name } = request;
    const answered = status === undefined || code === `HTTP ${status}` ? code : `${code} (HTTP ${status})`;
    const parts = [
      `${operation} of s3://${bucket}/${name} failed: ${answered}`,
      wordsOf(message),
      remedy(operation, code, status),
    ];
    super(parts.filter(Boolean).join('. '));
    this.name = 'S3Error';
    this.code = code;
    this.status = status;
    this.operation = operation;
    this.bucket = bucket;
    this.objectName = name;
    this.requestId = requestId;
  }
}

/** What the credentials must be allowed to do. */
const PERMISSIONS: Readonly<Record<string, string>> = {
  PutObject: 's3:PutObject on the object',
  CreateMultipartUpload: 's3:PutObject on the object',
  UploadPart: 's3:PutObject on the object',
  CompleteMultipartUpload: 's3:PutObject on the object',
  AbortMultipartUpload: 's3:AbortMultipartUpload on the object',
  GetObject: 's3:GetObject on the object, and s3:ListBucket on the bucket, without which S3 answers 403 for a missing object',
  HeadObject: 's3:GetObject on the object, and s3:ListBucket on the bucket, without which S3 answers 403 for a missing object',
  HeadBucket: 's3:ListBucket on the bucket',
  DeleteObjects: 's3:DeleteObject on the object',
  ListObjectsV2: 's3:ListBucket on the bucket',
  ListMultipartUploads: 's3:ListBucketMultipartUploads on the bucket',
  GetBucketLifecycleConfiguration: 's3:GetLifecycleConfiguration on the bucket',
};
const REMEDIES: Readonly<Record<string, string>> = {
  NoSuchBucket: 'Check the name of the bucket, and the region and the endpoint of the client',
  PermanentRedirect: 'Check the region of the client',
  AuthorizationHeaderMalformed: 'Check the region of the client',
  RequestTimeTooSkewed: 'Set the clock of this machine',
  InvalidAccessKeyId: 'Check the credentials of the client',
  SignatureDoesNotMatch: 'Check the credentials of the client',
  InvalidToken: 'Check the credentials of the client',
  ExpiredToken: 'Renew the credentials of the client',
  InvalidObjectState: 'Restore the object from the archive, and keep this prefix out of archiving rules',
};
const FORBIDDEN = 403;

function remedy(operation: string, code: string, status: number | undefined): string | undefined {
  const known = REMEDIES[code];
  if (known !== undefined || status !== FORBIDDEN) return known;
  return `The credentials need ${PERMISSIONS[operation] ?? operation}; under SSE-KMS also kms:GenerateDataKey and kms:Decrypt`;
}

const LONGEST_WORDS = 300;

/** One line. What is as long as a key, a token or a signature is left out: a server may repeat what it was sent. */
function wordsOf(message: string | undefined): string | undefined {
  return message
    ?.replace(/[^\x20-\x7E]+/g, ' ')
    .replace(/[A-Za-z0-9+/=_-]{40,}/g, '…')
    .trim()
    .replace(/\.$/, '')
    .slice(0, LONGEST_WORDS);
}

interface ThrownByClient {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly code?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
}

/** What the client says where the server gave no code. */
const NO_CODE = new Set(['Error', 'Unknown', 'UnknownError', 'AggregateError', '']);

/** What is safe to know of whatever a client rejects with. */
export function answerOf(thrown: unknown): S3Answer {
  const { name, message, code, $metadata } = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as ThrownByClient;
  const status = $metadata?.httpStatusCode;
  const named = typeof name === 'string' && !NO_CODE.has(name) && !/^\d+$/.test(name) ? name : undefined;
  const system = typeof code === 'string' && /^[A-Z][A-Z0-9_]+$/.test(code) ? code : undefined;
  return {
    code: system ?? named ?? (status === undefined ? 'no answer' : `HTTP ${status}`),
    status,
    message: typeof message === 'string' && !NO_CODE.has(message) ? message : undefined,
    requestId: $metadata?.requestId,
  };
}
