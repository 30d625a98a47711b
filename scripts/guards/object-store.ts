/** Guards of the object stores: what clients and disks do to each other, and to a value. */
import type { Guard } from './guard.ts';

const PUT = 'test/unit/object-store/gcs/put.test.ts';
const GCS = 'test/unit/object-store/gcs/store.test.ts';
const BODY = 'test/unit/object-store/gcs/body.test.ts';
const ERRORS = 'test/unit/object-store/gcs/errors.test.ts';
const FILE = 'test/unit/object-store/file/store.test.ts';
const RECHUNK = 'test/unit/async/rechunk.test.ts';
const STORE = 'test/unit/state-store/state-store.test.ts';
const SESSION = 'src/object-store/gcs/session.ts';
const REQUEST = 'src/object-store/gcs/request.ts';
const READ = 'src/object-store/gcs/read.ts';

/** By store. */
export const OBJECT_STORE_GUARDS: readonly Guard[] = [
  {
    name: 'what no repetition helps is not called retryable',
    file: 'src/state-store/objects/calls.ts',
    remove: { text: '  if (isMooringError(cause) && !cause.retryable) return cause;\n', by: '' },
    test: { file: STORE, name: 'what no repetition helps is not called retryable' },
  },
  {
    name: 'I6 no more of an object is asked for than it should have',
    file: 'src/state-store/objects/calls.ts',
    remove: { text: '{ signal, end: most + 1 }', by: '{ signal }' },
    test: { file: STORE, name: 'I6 takes no more than a byte beyond' },
  },
  {
    name: 'GCS: a put replaces what was there when it asked, or nothing',
    file: 'src/object-store/gcs/put.ts',
    remove: { text: 'generation: ifAbsent ? 0 : await generationOf(store, name, options)', by: 'generation: 0' },
    test: { file: PUT, name: 'O2 every put says what it replaces' },
  },
  {
    name: 'GCS: a large put too',
    file: SESSION,
    remove: { text: ', ifGenerationMatch: generation }', by: ' }' },
    test: { file: PUT, name: 'O2 every put says what it replaces' },
  },
  {
    name: 'GCS: what passes is tried again',
    file: REQUEST,
    remove: { text: 'tries: TRIES, passes', by: 'tries: 1, passes' },
    test: { file: PUT, name: 'is sent again after' },
  },
  {
    name: 'GCS: and not for ever',
    file: REQUEST,
    remove: { text: 'tries: TRIES, passes', by: 'passes' },
    test: { file: PUT, name: 'is sent again after' },
    hangs: true,
  },
  {
    name: 'GCS: a refusal does not pass',
    file: REQUEST,
    remove: { text: 'isTransient(error as GcsError);', by: 'true;' },
    test: { file: PUT, name: 'is not sent again after a refusal' },
  },
  {
    name: 'GCS: a missing bucket is no missing object',
    file: REQUEST,
    remove: { text: "  await listPage(store, '', call, { maxResults: 1 });\n", by: '' },
    test: { file: GCS, name: 'is not a missing object' },
  },
  {
    name: 'GCS: a body that stands still is given up',
    file: 'src/object-store/gcs/body.ts',
    remove: { text: 'if (!isOver) stopWaiting = timer(STALLED, giveUp);', by: '' },
    test: { file: BODY, name: 'that stands still is cut short' },
    hangs: true,
  },
  {
    name: 'GCS: an answer that never comes is given up',
    file: REQUEST,
    remove: { text: 'boundedWait(timer, ms, signal, work)', by: 'boundedWait(timer, ms * 1_000, signal, work)' },
    test: { file: 'test/unit/object-store/gcs/in-time.test.ts', name: 'an answer that never comes' },
    hangs: true,
  },
  {
    name: 'GCS: an answer that broke off is no success',
    file: 'src/object-store/gcs/errors.ts',
    remove: { text: '  if (http !== undefined && http < 300) return { code: CUT_SHORT };\n', by: '' },
    test: { file: ERRORS, name: 'of an answer that broke off' },
  },
  {
    name: 'GCS: a body is not stopped half-way, since that stops others',
    file: 'src/object-store/gcs/body.ts',
    remove: {
      text: 'const abort = (): void => end(() => reject(signal?.reason as Error));',
      by: 'const abort = (): void => end(() => (stream.destroy(), reject(signal?.reason as Error)));',
    },
    test: { file: BODY, name: 'that nobody wants any more is read to its end' },
  },
  {
    name: 'I6 GCS: a part is as long as was promised',
    file: READ,
    remove: { text: ' && bytes.length === last + 1 - start) return size;', by: ') return size;' },
    test: { file: GCS, name: 'sent too little' },
  },
  {
    name: 'I1 GCS: all parts are of one object',
    file: READ,
    remove: { text: 'generation === undefined ? {} : { generation }', by: '{}' },
    test: { file: GCS, name: 'an object that is replaced meanwhile' },
  },
  {
    name: 'I4 GCS: an upload that failed ends its session',
    file: SESSION,
    remove: { text: '    await cancel(store, session);\n', by: '' },
    test: { file: PUT, name: 'leaves neither an object nor a session' },
  },
  {
    name: 'GCS: a part that was kept in part goes on there',
    file: SESSION,
    remove: { text: '      from = stored;\n', by: '' },
    test: { file: PUT, name: 'gives a server that keeps little at a time' },
    hangs: true,
  },
  {
    name: 'I2 GCS: an object whose answer was lost is looked for',
    file: SESSION,
    remove: { text: 'const mayBeThere = part.last && sends > 1 && generation === 0;', by: 'const mayBeThere = sends < 0;' },
    test: { file: PUT, name: 'whose object came to be unheard' },
  },
  {
    name: 'I6 GCS: what is not what was sent is deleted',
    file: SESSION,
    remove: { text: 'if (stored === undefined || stored === inBase64(sum)) return;', by: 'if (sum !== -1) return;' },
    test: { file: PUT, name: 'deletes an object that is not what was sent' },
  },
  {
    name: 'a source may fill its buffer again',
    file: 'src/async/rechunk.ts',
    remove: {
      text: 'buffer.set(part, filled);',
      by: 'if (part.length === size) buffer = part;\n      else buffer.set(part, filled);',
    },
    test: { file: RECHUNK, name: 'are its bytes in order' },
  },
  {
    name: 'a piece is not filled again before it is let go of',
    file: 'src/async/rechunk.ts',
    remove: { text: 'buffer = free.pop() ?? new Uint8Array(size);', by: '' },
    test: { file: RECHUNK, name: 'are its bytes in order' },
  },
  {
    name: 'GCS: 16 requests of one delete at a time',
    file: 'src/object-store/gcs/list.ts',
    remove: { text: 'const LANES = 16;', by: 'const LANES = 40;' },
    test: { file: GCS, name: 'sends 16 requests at a time' },
  },
  {
    name: 'what is no object key is not listed',
    file: 'src/object-store/checked.ts',
    remove: { text: 'if (isObjectKey(object.key)) yield', by: 'yield' },
    test: { file: GCS, name: 'keeps below the prefix' },
  },
  {
    name: 'GCS: no query of an address in an error',
    file: 'src/object-store/bucket-error.ts',
    remove: { text: "    .replace(/\\?\\S+/g, '?…')\n", by: '' },
    test: { file: ERRORS, name: 'without queries' },
  },
  {
    name: 'one listener on the signal of many requests',
    file: 'src/async/shared-signal.ts',
    remove: { text: 'return await work({ signal });', by: 'return await work(call);' },
    test: { file: 'test/unit/async/shared-signal.test.ts', name: 'without a warning' },
  },
  {
    name: 'the deadline of a listing is that of each folder and page',
    file: 'src/state-store/objects/listing.ts',
    remove: { text: 'renew: () => again?.(),', by: 'renew: () => undefined,' },
    test: { file: 'test/unit/state-store/objects/listing.test.ts', name: 'may take longer than the deadline as a whole' },
  },
  {
    name: 'I4 file: what a put may still be writing is not removed',
    file: 'src/object-store/file/list.ts',
    remove: { text: '      if (modifiedAt >= before) continue;\n', by: '' },
    test: { file: FILE, name: 'I4 is found where it is older' },
  },
  {
    name: 'I4 file: nothing is removed that no put wrote',
    file: 'src/object-store/file/put.ts',
    remove: { text: 'return /^\\+[0-9a-z]{20}$/.test(path.slice(at)) &&', by: "return path[at] === '+' &&" },
    test: { file: FILE, name: 'is nothing that is not of a put' },
  },
  {
    name: 'ready() tries to write',
    file: 'src/state-store/ready.ts',
    remove: { text: 'if (store === core.objectStore) await', by: 'if (!store) await' },
    test: { file: STORE, name: 'ready tries to write into the object store' },
  },
  {
    name: 'I4 ready() leaves nothing',
    file: 'src/state-store/ready.ts',
    remove: { text: '  if (!there) await deleteObject(core, at, object);\n', by: '' },
    test: { file: STORE, name: 'ready tries to write into the object store' },
  },
  {
    name: 'I5 ready() makes no generation',
    file: 'src/state-store/ready.ts',
    remove: { text: 'const object = there ? first : probeKey(', by: 'const object = there || first ? first : probeKey(' },
    test: { file: STORE, name: 'ready makes no generation' },
  },
];
