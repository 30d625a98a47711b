import type * as Sdk from '@aws-sdk/client-s3';
import { untilAborted } from '../../async/abort.ts';
import type { Timer } from '../../async/deadline.ts';
import type { Clock } from '../../async/clock.ts';
import type { Random } from '../../async/random.ts';
import { answerOf, S3Error } from './errors.ts';
import type { ResolvedS3Options } from './options.ts';

/** One request to S3: the command of the user's own package, sent by the user's client, and one kind of error. */

/** What is asked of S3, as its API calls it. */
export type S3Operation =
  | 'PutObject'
  | 'GetObject'
  | 'HeadObject'
  | 'HeadBucket'
  | 'DeleteObject'
  | 'DeleteObjects'
  | 'ListObjectsV2'
  | 'CreateMultipartUpload'
  | 'UploadPart'
  | 'CompleteMultipartUpload'
  | 'AbortMultipartUpload'
  | 'ListMultipartUploads'
  | 'GetBucketLifecycleConfiguration';

/** The classes of `@aws-sdk/client-s3` whose instances its client sends. */
export type S3Commands = Pick<typeof Sdk, `${S3Operation}Command`>;

type Command<Operation extends S3Operation> = InstanceType<S3Commands[`${Operation}Command`]>;

/** The parameters of a request without the bucket, which the store adds. */
export type S3Input<Operation extends S3Operation> = Omit<Command<Operation>['input'], 'Bucket'>;

/** The answer to a request. */
export type S3Output<Operation extends S3Operation> = Awaited<
  ReturnType<ReturnType<Command<Operation>['resolveMiddleware']>>
>['output'];

/** Never a text type, and never with a `Content-Encoding`: nobody on the way may change or decode the bytes. */
export const CONTENT_TYPE = 'application/octet-stream';

/** What a store is made of. */
export interface S3Parts {
  /** Loads them at the first request. */
  commands(): Promise<S3Commands>;
  clock: Clock;
  random: Random;
  timer: Timer;
}

/** A store: its options, its parts, and what it has learnt of its server. */
export interface S3Store extends ResolvedS3Options, S3Parts {
  /** Whether the server takes `If-None-Match`; one that does not says so at the first try. */
  conditional: boolean;
  /** Whether the server takes `DeleteObjects`; one that does not says so at the first try. */
  deletesMany: boolean;
}

/**
 * Sends a request to the store's bucket.
 *
 * @param name - The object's name in the bucket, or the beginning of names, for errors.
 * @param sha256 - The digest of the body, in hex, if it is known.
 * @throws {@link S3Error}, or the signal's reason.
 */
export async function sendRequest<Operation extends S3Operation>(
  { client, bucket, commands }: S3Store,
  operation: Operation,
  name: string,
  input: S3Input<Operation>,
  signal: AbortSignal | undefined,
  sha256?: string,
): Promise<S3Output<Operation>> {
  signal?.throwIfAborted();
  const Command = (await untilAborted(commands(), signal))[`${operation}Command`] as new (input: object) => object;
  const command = new Command({ ...input, Bucket: bucket });
  if (sha256 !== undefined) giveDigest(command, sha256);
  try {
    const answer = client.send(command as never, signal && { abortSignal: signal });
    return (await untilAborted(answer, signal)) as S3Output<Operation>;
  } catch (error) {
    signal?.throwIfAborted();
    throw new S3Error({ operation, bucket, name }, answerOf(error));
  }
}

/** The header in which the digest of the body is signed. */
const DIGEST = 'x-amz-content-sha256';

interface Outgoing {
  readonly request: { readonly headers: Record<string, string> };
}

/** A command that takes middleware, as all of the package do. */
interface Extensible {
  readonly middlewareStack?: {
    add(middleware: (next: (outgoing: Outgoing) => unknown) => (outgoing: Outgoing) => unknown, options: { step: 'build' }): void;
  };
}

/**
 * Puts the digest of the body into its header. The client takes it from there, and computes none, which would take it as long as
 * it took us.
 */
function giveDigest({ middlewareStack }: Extensible, sha256: string): void {
  const add = (next: (outgoing: Outgoing) => unknown) => (outgoing: Outgoing) => {
    outgoing.request.headers[DIGEST] ??= sha256;
    return next(outgoing);
  };
  middlewareStack?.add(add, { step: 'build' });
}
