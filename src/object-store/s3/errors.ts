import { BucketError, httpCode, wordsOf, type BucketAnswer, type BucketRequest } from '../bucket-error.ts';
import { systemCode } from '../system-code.ts';

/** What S3 answers in place of what was asked for. */

/** The parts of an error of the client, or of an entry in a list of failures, that are kept. */
export interface S3Answer extends BucketAnswer {
  requestId?: string | undefined;
}

/** Text as long as a key, a token or a signature. */
const SECRET = /[A-Za-z0-9+/=_-]{40,}/g;

/** A request that S3 refused, failed at, or did not answer. It holds names and codes, never what the client sent with them. */
export class S3Error extends BucketError {
  /** The ID by which the server's operators find the request. */
  readonly requestId: string | undefined;

  constructor(request: BucketRequest, { requestId, ...answer }: S3Answer) {
    const message = wordsOf(answer.message, SECRET);
    super('s3', request, { ...answer, message }, remedy(request.operation, answer));
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
  DeleteObject: 's3:DeleteObject on the object',
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

function remedy(operation: string, { code, status, message }: S3Answer): string | undefined {
  if (wantsChecksum(code, message)) return `${WANTS_CHECKSUM}: ${CHECKSUMS}`;
  if (refusesChecksum(operation, code, message)) return `${REFUSES_CHECKSUM} requestChecksumCalculation: 'WHEN_REQUIRED'`;
  if (code === 'IncompleteBody' && CHECKSUM_MISMATCH.test(message ?? '')) {
    return `${REFUSES_CHECKSUM} responseChecksumValidation: 'WHEN_REQUIRED'`;
  }
  const known = REMEDIES[code];
  if (known !== undefined || status !== FORBIDDEN) return known;
  return `The credentials need ${PERMISSIONS[operation] ?? operation}; under SSE-KMS also kms:GenerateDataKey and kms:Decrypt`;
}

const WANTS_CHECKSUM = 'A bucket with Object Lock takes nothing without a checksum';
const CHECKSUMS = "give the client requestChecksumCalculation: 'WHEN_SUPPORTED'";

/** Amazon gives the code to many errors, and says only in words that it wants a checksum. */
function wantsChecksum(code: string, message: string | undefined): boolean {
  return code === 'MissingContentMD5' || (code === 'InvalidRequest' && /content-md5|x-amz-checksum/i.test(message ?? ''));
}

const REFUSES_CHECKSUM = 'If the server is not of Amazon and does not know the checksums of the client, give the client';
const CHECKSUM_MISMATCH = /checksum mismatch/i;
const WRITES: readonly string[] = ['PutObject', 'CreateMultipartUpload', 'UploadPart', 'DeleteObjects'];

/** Servers refuse the checksum headers of the client in words of their own; the usual ones name no header. */
function refusesChecksum(operation: string, code: string, message: string | undefined): boolean {
  const named = /x-amz-(?:sdk-)?checksum|x-amz-trailer|aws-chunked|STREAMING-/i.test(message ?? '');
  return WRITES.includes(operation) && (code === 'NotImplemented' || named);
}

/** `remedy()` of the store in S3: only what rights and addresses cannot mend. */
export function s3Remedy(error: unknown): string | undefined {
  const { cause } = (error ?? {}) as { cause?: unknown };
  if (!(cause instanceof S3Error)) return undefined;
  if (cause.message.includes(REFUSES_CHECKSUM)) {
    return "Give its S3Client requestChecksumCalculation: 'WHEN_REQUIRED' and responseChecksumValidation: 'WHEN_REQUIRED'. For a client that Mooring makes, set AWS_REQUEST_CHECKSUM_CALCULATION and AWS_RESPONSE_CHECKSUM_VALIDATION to WHEN_REQUIRED.";
  }
  if (!cause.message.includes(WANTS_CHECKSUM)) return undefined;
  return "Give its S3Client requestChecksumCalculation: 'WHEN_SUPPORTED'. For a client that Mooring makes, set AWS_REQUEST_CHECKSUM_CALCULATION=WHEN_SUPPORTED.";
}

interface ThrownByClient {
  readonly name?: unknown;
  readonly message?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
}

/** What the client says if the server gave no code. */
const NO_CODE = new Set(['Error', 'Unknown', 'UnknownError', 'AggregateError', '']);

/** What is safe to know of whatever a client rejects with. */
export function answerOf(thrown: unknown): S3Answer {
  const { name, message, $metadata } = (typeof thrown === 'object' && thrown !== null ? thrown : {}) as ThrownByClient;
  const status = $metadata?.httpStatusCode;
  const named = typeof name === 'string' && !NO_CODE.has(name) && !/^\d+$/.test(name) ? name : undefined;
  return {
    code: systemCode(thrown) ?? named ?? (status === undefined ? 'no answer' : httpCode(status)),
    status,
    message: typeof message === 'string' && !NO_CODE.has(message) ? message : undefined,
    requestId: $metadata?.requestId,
  };
}
