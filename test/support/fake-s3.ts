import { fakeClock } from '../../src/testing/fake-clock.ts';
import { systemTimer, type Timer } from '../../src/async/deadline.ts';
import { resolveS3Options, type S3ObjectStoreOptions } from '../../src/object-store/s3/options.ts';
import type { S3Commands, S3Operation, S3Store } from '../../src/object-store/s3/request.ts';
import { s3ObjectStoreOf } from '../../src/object-store/s3/store.ts';

/** An S3 whose answers a test gives: for those that no server here gives, and for what goes out. */

/** A request as it goes out. */
export interface SentRequest {
  readonly operation: S3Operation;
  readonly input: Readonly<Record<string, unknown>>;
}

/** What becomes of a request: a result, or an error to throw. May stay away. */
export type S3Behaviour = (request: SentRequest, signal: AbortSignal | undefined) => unknown;

/** A store over such an S3. */
export interface FakeS3 {
  readonly store: ReturnType<typeof s3ObjectStoreOf>;
  /** What the parts of the store are given. */
  readonly inside: S3Store;
  readonly sent: readonly SentRequest[];
  /** Milliseconds that the store has slept. */
  slept(): number;
}

const OPERATIONS = [
  'PutObject',
  'GetObject',
  'HeadObject',
  'HeadBucket',
  'DeleteObject',
  'DeleteObjects',
  'ListObjectsV2',
  'CreateMultipartUpload',
  'UploadPart',
  'CompleteMultipartUpload',
  'AbortMultipartUpload',
  'ListMultipartUploads',
  'GetBucketLifecycleConfiguration',
] as const;

/** Makes one. */
export function fakeS3(
  behave: S3Behaviour,
  { timer = systemTimer, config, ...options }: Partial<S3ObjectStoreOptions> & { timer?: Timer; config?: object } = {},
): FakeS3 {
  const sent: SentRequest[] = [];
  const commands = Object.fromEntries(
    OPERATIONS.map((operation) => [
      `${operation}Command`,
      class {
        readonly operation = operation;
        readonly input: SentRequest['input'];
        constructor(input: SentRequest['input']) {
          this.input = input;
        }
      },
    ]),
  ) as unknown as S3Commands;
  const clock = fakeClock(new Date(0));
  const client = {
    config,
    async send(command: never, call?: { abortSignal?: AbortSignal }): Promise<unknown> {
      const request = command as SentRequest;
      sent.push(request);
      return behave(request, call?.abortSignal);
    },
  };
  const parts = { commands: async () => commands, clock, random: () => 0.5, timer };
  const given = { client, bucket: 'reports', prefix: 'job-state', ...options };
  const inside = { ...resolveS3Options(given), ...parts, conditional: true, deletesMany: true };
  return { store: s3ObjectStoreOf(parts, given), inside, sent, slept: () => clock.now() };
}

/** An error as the client of `@aws-sdk/client-s3` throws it, with all that hangs on one, some of which is secret. */
export function sdkError(name: string, status: number, message = 'in the words of the server'): Error {
  const response = { statusCode: status, headers: { authorization: 'AWS4-HMAC-SHA256 Signature=secret-signature' } };
  const error = Object.assign(new Error(message), {
    $fault: 'client',
    $metadata: { httpStatusCode: status, requestId: 'request-1', attempts: 1 },
    Code: name,
    StringToSign: 'secret-string-to-sign',
    CanonicalRequest: 'x-amz-security-token:secret-token',
    SignatureProvided: 'secret-signature',
  });
  error.name = name;
  return Object.defineProperty(error, '$response', { value: response, enumerable: false });
}
