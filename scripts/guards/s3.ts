/** Guards of the S3 store: what servers answer, and what is left behind. */
import type { Guard } from './guard.ts';

const READ = 'src/object-store/s3/read.ts';
const BODY = 'src/object-store/s3/body.ts';
const CONDITIONAL = 'src/object-store/s3/conditional.ts';
const MULTIPART = 'src/object-store/s3/multipart.ts';
const test = (name: 'errors' | 'read' | 'put' | 'multipart'): string => `test/unit/object-store/s3/${name}.test.ts`;

/** By step. */
export const S3_GUARDS: readonly Guard[] = [
  {
    name: 'S3: a 404 without a code is missing only where the bucket answers',
    file: READ,
    remove: { text: "  await sendRequest(store, 'HeadBucket', name, {}, signal);\n", by: '' },
    test: { file: test('errors'), name: 'is not what a 404 says' },
  },
  {
    name: 'S3: an error shows nothing of the request',
    file: 'src/object-store/s3/request.ts',
    remove: {
      text: 'throw new S3Error({ operation, bucket, name }, answerOf(error));',
      by: 'throw Object.assign(new S3Error({ operation, bucket, name }, answerOf(error)), { cause: error });',
    },
    test: { file: test('errors'), name: 'shows nothing of what the client sent' },
  },
  {
    name: 'S3: a body that breaks off goes on with the same object',
    file: READ,
    remove: { text: ', ...(etag !== undefined && { IfMatch: etag }) };', by: ' };' },
    test: { file: test('read'), name: 'is gone on with from where it was' },
  },
  {
    name: 'S3: a body never ends short',
    file: BODY,
    remove: { text: "'problem' in step && at === end", by: "'problem' in step && step.drained" },
    test: { file: test('read'), name: 'without an error is one that broke off as well' },
  },
  {
    name: 'S3: a body that is not read to its end is let go of',
    file: BODY,
    remove: { text: 'if (!drained) source.close();', by: 'if (!drained && at < end) source.close();' },
    test: { file: test('read'), name: 'when its reader stops' },
  },
  {
    name: 'S3: without the condition the store looks first',
    file: CONDITIONAL,
    remove: { text: "    if (ifAbsent && !conditional && (await headOf(store, name, signal))) return 'exists';\n", by: '' },
    test: { file: test('put'), name: 'looks for the object and puts without it' },
  },
  {
    name: 'S3: a failed upload is ended',
    file: MULTIPART,
    remove: { text: '    await end(store, upload, ENDS);\n', by: '' },
    test: { file: test('multipart'), name: 'is ended, and its other parts stopped' },
  },
  {
    name: 'S3: an object after a lost answer is ours only with our mark',
    file: MULTIPART,
    remove: { text: 'there?.Metadata?.[MARK] === mark', by: 'there' },
    test: { file: test('multipart'), name: 'is not done where the object is another one' },
  },
  {
    name: 'S3: the memory of parts goes around',
    file: 'src/async/rechunk.ts',
    remove: { text: 'free.pop() ?? ', by: '' },
    test: { file: 'test/unit/async/rechunk.test.ts', name: 'of a stream go around' },
  },
  {
    name: 'S3: no part that the upload has no place for is sent',
    file: MULTIPART,
    remove: { text: '    if (number === MOST_PARTS && !part.last) throw tooManyParts(store.partSize);\n', by: '' },
    test: { file: test('multipart'), name: 'has at most 10,000 parts' },
  },
];
