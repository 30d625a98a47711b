import { guard, type Guard } from './guard.ts';

/** Guards of the S3 store: what servers answer, and what is left behind. */

const ERRORS = 'test/unit/object-store/s3/errors.test.ts';
const READ = 'test/unit/object-store/s3/read.test.ts';
const PUT = 'test/unit/object-store/s3/put.test.ts';
const MULTIPART = 'test/unit/object-store/s3/multipart.test.ts';
const DELETE = 'test/unit/object-store/s3/delete.test.ts';
const RECHUNK = 'test/unit/async/rechunk.test.ts';

/** By step. */
export const S3_GUARDS: readonly Guard[] = [
  guard(
    'S3: a 404 without a code is missing only where the bucket answers',
    'src/object-store/s3',
    "await sendRequest(store, 'HeadBucket', name, {}, signal);",
    '',
    [ERRORS, 'is not what a 404 says'],
  ),
  guard(
    'S3: an error shows nothing of the request',
    'src/object-store/s3',
    'new S3Error({ operation, bucket, name }, answerOf(error)',
    'Object.assign(new S3Error({ operation, bucket, name }, answerOf(error)), { cause: error }',
    [ERRORS, 'shows nothing of what the client sent'],
  ),
  guard(
    'S3: a body that breaks off goes on with the same object',
    'src/object-store/s3',
    ', ...(etag !== undefined && { IfMatch: etag })',
    '',
    [READ, 'is gone on with from where it was'],
  ),
  guard('S3: a body never ends short', 'src/object-store/s3', 'in step && at === end', 'in step && step.drained', [
    READ,
    'without an error is one that broke off as well',
  ]),
  guard(
    'S3: a body that is not read to its end is let go of',
    'src/object-store/s3',
    '(!drained) source',
    '(!drained && at < end) source',
    [READ, 'when its reader stops'],
  ),
  guard(
    'S3: without the condition the store looks first',
    'src/object-store/s3',
    "if (ifAbsent && !conditional && (await headOf(store, name, signal))) return 'exists';",
    '',
    [PUT, 'looks for the object before it puts without it'],
  ),
  guard('S3: a failed upload is ended', 'src/object-store/s3', 'await end(store, upload, ENDS);', '', [
    MULTIPART,
    'stops all when a part fails while the source hangs',
  ]),
  guard(
    'S3: an object after a lost answer is ours only with our mark',
    'src/object-store/s3',
    '?.Metadata?.[MARK] === mark',
    '',
    [MULTIPART, 'is ended without success where the object is another one'],
  ),
  guard(
    'S3: an upload that its own name calls young is not ended',
    'src/object-store/s3',
    'Math.max(begun, initiated)',
    'initiated',
    [MULTIPART, 'are none that its name calls young'],
  ),
  guard(
    'S3: a refused listing of uploads is not an empty one',
    'src/object-store/s3',
    'if (isNoUpload(error)) return;',
    'return;',
    [ERRORS, 'ListMultipartUploads'],
  ),
  guard(
    'S3: a refusal is about the request only where an object alone can be deleted',
    'src/object-store/s3',
    'if (failed.length > 0) return keys.map((key) => ({ key, error }));',
    '',
    [DELETE, 'is told as it was'],
  ),
  guard(
    'S3: a denial or an outage is not answered with single requests',
    'src/object-store/s3',
    'isRefusedRequest(error) ? afterRefusal',
    'error instanceof S3Error ? afterRefusal',
    [DELETE, 'makes nobody delete one object at a time'],
  ),
  guard('S3: the memory of parts goes around', 'src/async', 'free.pop() ??', '', [RECHUNK, 'of a stream go around']),
  guard(
    'S3: no part that the upload has no place for is sent',
    'src/object-store/s3',
    'if (number === MOST_PARTS && !part.last) throw tooManyParts(store.partSize);',
    '',
    [MULTIPART, 'has at most 10,000 parts'],
  ),
];
