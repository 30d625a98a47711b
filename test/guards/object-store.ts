import { guard, type Guard } from './guard.ts';

/** Guards of the object stores: what clients and disks do to each other, and to a value. */

const STORE = 'test/unit/state-store/state-store.test.ts';
const PUT = 'test/unit/object-store/gcs/put.test.ts';
const GCS = 'test/unit/object-store/gcs/store.test.ts';
const BODY = 'test/unit/object-store/gcs/body.test.ts';
const IN_TIME = 'test/unit/object-store/gcs/in-time.test.ts';
const ERRORS = 'test/unit/object-store/gcs/errors.test.ts';
const S3_ERRORS = 'test/unit/object-store/s3/errors.test.ts';
const RECHUNK = 'test/unit/async/rechunk.test.ts';
const SHARED_SIGNAL = 'test/unit/async/shared-signal.test.ts';
const LISTING = 'test/unit/state-store/objects/listing.test.ts';
const CLEAN_UP = 'test/unit/maintenance/doctor/clean-up.test.ts';
const SLOW_LINE = 'test/unit/state-store/objects/slow-line.test.ts';
const FILE = 'test/unit/object-store/file/store.test.ts';

/** By store. */
export const OBJECT_STORE_GUARDS: readonly Guard[] = [
  guard(
    'what no repetition helps is not called retryable',
    'src/state-store',
    'if (isMooringError(cause) && !cause.retryable) return cause;',
    '',
    [STORE, 'what no repetition helps is not called retryable'],
  ),
  guard('I6 no more of an object is asked for than it should have', 'src/state-store', '...call, end: most + 1', '...call', [
    STORE,
    'I6 takes no more than a byte beyond',
  ]),
  guard(
    'GCS: a put replaces what was there when it asked, or nothing',
    'src/object-store/gcs',
    'ifAbsent ? 0 : await generationOf(store, name, options)',
    '0',
    [PUT, 'O2 every put says what it replaces'],
  ),
  guard('GCS: a large put too', 'src/object-store/gcs', ', ifGenerationMatch: generation', '', [
    PUT,
    'O2 every put says what it replaces',
  ]),
  guard('GCS: what passes is tried again', 'src/object-store/gcs', 'tries: TRIES, passes', 'tries: 1, passes', [
    PUT,
    'is sent again after',
  ]),
  guard('GCS: and not for ever', 'src/object-store/gcs', 'tries: TRIES, passes', 'passes', [PUT, 'is sent again after'], {
    hangs: true,
  }),
  guard('GCS: a refusal does not pass', 'src/object-store/gcs', 'isTransient(error as GcsError)', 'true', [
    PUT,
    'is not sent again after a refusal',
  ]),
  guard(
    'GCS: a missing bucket is no missing object',
    'src/object-store/gcs',
    "await listPage(store, '', call, { maxResults: 1 });",
    '',
    [GCS, 'is not a missing object'],
  ),
  guard(
    'GCS: an address that answers anything is no unreachable one',
    'src/object-store/gcs',
    'error.status === undefined &&',
    '',
    [IN_TIME, 'is not one that answers with'],
  ),
  guard(
    'GCS: a body that stands still is given up',
    'src/object-store/gcs',
    'if (!isOver) stopWaiting = timer(STALLED, giveUp);',
    '',
    [BODY, 'that stands still is cut short'],
    { hangs: true },
  ),
  guard(
    'GCS: an answer that never comes is given up',
    'src/object-store/gcs',
    'timer, ms, signal,',
    'timer, ms * 1_000, signal,',
    [IN_TIME, 'an answer that never comes'],
    { hangs: true },
  ),
  guard(
    'GCS: an answer that broke off is no success',
    'src/object-store/gcs',
    'if (http !== undefined && http < 300) return { code: CUT_SHORT };',
    '',
    [ERRORS, 'of an answer that broke off'],
  ),
  guard(
    'GCS: a body is not stopped half-way, since that stops others',
    'src/object-store/gcs',
    'reject(signal?.reason as Error',
    '(stream.destroy(), reject(signal?.reason as Error)',
    [BODY, 'is read to its end when nobody wants it any more'],
  ),
  guard(
    'I6 GCS: a part is as long as was promised',
    'src/object-store/gcs',
    '&& bytes.length === last + 1 - start) return size;',
    ') return size;',
    [GCS, 'sent too little'],
  ),
  guard('I1 GCS: all parts are of one object', 'src/object-store/gcs', 'generation === undefined ? {} : { generation }', '{}', [
    GCS,
    'an object that is replaced meanwhile',
  ]),
  guard('I4 GCS: an upload that failed ends its session', 'src/object-store/gcs', 'await cancel(store, session);', '', [
    PUT,
    'leaves neither an object nor a session',
  ]),
  guard(
    'GCS: a part that was kept in part goes on there',
    'src/object-store/gcs',
    'from = stored;',
    '',
    [PUT, 'gives a server that keeps little at a time'],
    { hangs: true },
  ),
  guard(
    'I2 GCS: an object whose answer was lost is looked for',
    'src/object-store/gcs',
    'part.last && sends > 1 && generation ===',
    'sends <',
    [PUT, 'whose object came to be unheard'],
  ),
  guard(
    'I6 GCS: what is not what was sent is deleted',
    'src/object-store/gcs',
    'stored === undefined || stored === inBase64(sum)',
    'sum !== -1',
    [PUT, 'deletes an object that is not what was sent'],
  ),
  guard(
    'a source may fill its buffer again',
    'src/async',
    'buffer.set(part,',
    'if (part.length === size) buffer = part;\n      else buffer.set(part,',
    [RECHUNK, 'are its bytes in order'],
  ),
  guard('a piece is not filled again before it is let go of', 'src/async', 'buffer = free.pop() ?? new Uint8Array(size);', '', [
    RECHUNK,
    'are its bytes in order',
  ]),
  guard('GCS: 16 requests of one delete at a time', 'src/object-store/gcs', 'const LANES = 16;', 'const LANES = 40;', [
    GCS,
    'sends 16 requests at a time',
  ]),
  guard('what is no object key is not listed', 'src/object-store', 'if (isObjectKey(object.key)) yield', 'yield', [
    GCS,
    'keeps below its prefix',
  ]),
  guard('GCS: no query of an address in an error', 'src/object-store', ".replace(/\\?\\S+/g, '?…')", '', [
    ERRORS,
    'says what the server said, shortened to one line',
  ]),
  guard('one listener on the signal of many requests', 'src/async', 'await work({ signal });', 'await work(call);', [
    SHARED_SIGNAL,
    'many waits share one listener of the signal',
  ]),
  guard(
    'folder: a sync that lost bytes is a failed put',
    'src/object-store/file',
    'if (!cannot.includes(systemCode(error))) throw error;',
    '',
    [FILE, 'a put whose sync fails with'],
  ),
  guard(
    'folder: without hard links nothing is replaced either',
    'src/object-store/file',
    'if (await orAbsent(fs.lstat(file))) return false;',
    '',
    [FILE, 'is create-only also where there are no hard links'],
  ),
  guard(
    'S3: a listing of pages out of order is not whole for anybody',
    'src/object-store/s3',
    'isWhole && takesAnyOrder(options)',
    'takesAnyOrder(options)',
    [S3_ERRORS, 'out of order over pages'],
  ),
  guard(
    'the deadline of a listing is that of each folder and page',
    'src/async',
    'present = base;\n      again();',
    'present = base;',
    [LISTING, 'may take longer than the deadline as a whole'],
  ),
  guard('doctor finds out a wrong order', 'src/maintenance', 'found.join() !== wanted.toSorted(byBytes).join()', 'false', [
    CLEAN_UP,
    'of a server that does not mind case',
  ]),
  guard('a deadline knows how much is moved', 'src/async', 'base + Math.floor((bytes * 1_000) / rate)', 'base', [
    SLOW_LINE,
    'a value of 15 MiB comes back',
  ]),
  guard('a put of a stream has time for what is on its way', 'src/state-store', 'Math.max(taken - moved, 0)', '0', [
    SLOW_LINE,
    'a stream comes back',
  ]),
  guard(
    'I4 file: what a put may still be writing is not removed',
    'src/object-store/file',
    'if (modifiedAt >= before) continue;',
    '',
    [FILE, 'I4 is found by age below the prefix'],
  ),
  guard(
    'I4 file: nothing is removed that no put wrote',
    'src/object-store/file',
    '/^\\+[0-9a-z]{20}$/.test(path.slice(at))',
    "path[at] === '+'",
    [FILE, 'is nothing that is not of a put'],
  ),
  guard('ready() tries to write', 'src/state-store', 'store === core.objectStore', '!store', [
    STORE,
    'ready tries to write into the object store',
  ]),
  guard('I4 ready() leaves nothing', 'src/state-store', 'if (!there) await deleteObject(core, at, object);', '', [
    STORE,
    'ready tries to write into the object store',
  ]),
  guard('I5 ready() makes no generation', 'src/state-store', 'object = there ? first :', 'object = there || first ? first :', [
    STORE,
    'ready makes no generation',
  ]),
];
