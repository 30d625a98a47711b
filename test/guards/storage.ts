import { guard, type Guard } from './guard.ts';

/** Guards of values: the invariants, and the order of a commit. */

const STORE = 'test/unit/state-store/state-store.test.ts';
const ERRORS = 'test/unit/metastore/redis/errors.test.ts';
const METASTORE = 'test/unit/metastore/memory/store.test.ts';
const CODECS = 'test/unit/codec/codecs.test.ts';

/** In the order of docs/design.md. */
export const STORAGE_GUARDS: readonly Guard[] = [
  guard(
    'I1 an entry refers to an object only once that is put',
    'src/state-store',
    'throw error; }); if (!stored)',
    'return true;\n    });\n  if (!stored)',
    [STORE, 'keeps the old value or has the new one, whole'],
  ),
  guard(
    'I1 a value changes together with its entry',
    'src/metastore/memory',
    'if (put.body !== undefined) hash.bodies',
    'if (put.body !== undefined && hash.bodies.size === 0) hash.bodies',
    [STORE, 'C25 replaces value, time and expiry together'],
  ),
  guard(
    'a write that compares overtakes no plain write',
    'src/state-store',
    'for (let waited = before(); waited; waited = before()) await waited;',
    '',
    ['test/unit/state-store/plain-writes.test.ts', 'update does not overtake a set that it did not see'],
  ),
  guard('I2 † only a refusal of the first send is definite', 'src/state-store', 'await send(true, {', 'await send(false, {', [
    STORE,
    'I2 never takes a refusal of a resend for the answer',
  ]),
  guard('I2 † nor is one that the client may have sent twice', 'src/metastore/redis', '& failure.resent)', '& !failure.writes)', [
    ERRORS,
    'no refusal of what may have been sent before is definite',
  ]),
  guard(
    'I2 † nor is a refusal by the script, after a resend',
    'src/metastore',
    ".kind === 'ok') return",
    ".kind !== 'late') return",
    [METASTORE, 'that is refused has an unknown outcome'],
  ),
  guard(
    'I3 the fence on values',
    'src/metastore/memory',
    'if (write.fenced && isStale(step, write.id, heads)) return stale(step);',
    '',
    [STORE, 'C95 I3 refuses every write of an attempt that a newer one replaced'],
  ),
  guard(
    'I4 several values: what was put for those that failed is deleted',
    'src/state-store',
    'await concurrently(done, (value) => value.discard());',
    '',
    [STORE, 'I2 writes none of several values where one of their objects could not be put'],
  ),
  guard('I4 the object of a refused write is deleted', 'src/state-store', 'await discard(); switch', 'switch', [
    STORE,
    'leaves no object of a write that lost the comparison',
  ]),
  guard(
    'I4 † an overwritten object goes on the list in the same step',
    'src/metastore/memory',
    'supersede(step, hash.fields.get(field), put?.meta.ref);',
    '',
    [METASTORE, 'the object of an overwritten value goes on the list'],
  ),
  guard('I4 the object of a stream that failed is deleted', 'src/state-store', 'deleteBeside(core, at, object, putting);', '', [
    STORE,
    'where the put throws after it stored',
  ]),
  guard(
    'I2 a stream that the store did not take as a whole is not committed',
    'src/state-store',
    '(!watch.ended) throw',
    '(!watch) throw',
    [STORE, 'says that it is done before it took all'],
  ),
  guard(
    'I5 no object is deleted where the outcome is unknown',
    'src/state-store',
    'if (error instanceof StoreUnavailableError) await',
    'await',
    [STORE, 'I5 deletes no object where the outcome is unknown'],
  ),
  guard('I5 † the nonce in the names of objects', 'src/format', '{id.nonce}-${instant', '{instant', [
    STORE,
    'never use one object name',
  ]),
  guard(
    'I6 the digest',
    'src/state-store',
    "createHash('sha256').update(body).digest('hex') !== ref.sha256",
    'body === undefined',
    [STORE, 'C40 I6 refuses an object that is'],
  ),
  guard(
    'I6 the digest of a stream',
    'src/state-store',
    "if (hash.digest('hex') !== ref.sha256) throw wrongBytes(ref, where);",
    '',
    [STORE, 'C40 I6 refuses a large object that is'],
  ),
  guard(
    'I6 the end of a stream is not given before all of it is verified',
    'src/state-store',
    'if (held) yield held; held =',
    'yield',
    [STORE, 'never gives the end of an object that is damaged'],
  ),
  guard('I6 the bound of a frame', 'src/format', '0 || length > longest', '0', [
    STORE,
    'I6 holds no more for a frame than its size allows',
  ]),
  guard('I6 what a frame may stand for', 'src/state-store', 'size: expected, path', 'size: expected + 2 ** 40, path', [
    STORE,
    'a bomb is not unpacked',
  ]),
  guard('I6 a frame is encrypted for its place', 'src/state-store', '`${object}/${Math.floor(size / FRAME_BYTES)}`', 'object', [
    STORE,
    'come back byte for byte',
  ]),
  guard('I6 the bound of decoding', 'src/state-store', 'signal, maxBytes })', 'signal, maxBytes: maxBytes + 2 ** 40 })', [
    STORE,
    'I6 holds a value to its recorded size',
  ]),
  guard('I6 the bound of gzip without node:zlib', 'src/codec', '(length > maxBytes) throw', '(length < 0) throw', [
    CODECS,
    'decodes a bomb no further than the limit',
  ]),
  guard('I6 the size of an inline value', 'src/state-store', '?.length === meta.size', '', [
    STORE,
    'I6 refuses an inline value of another length',
  ]),
  guard('I6 a reference leads to objects of its own key', 'src/state-store', '(core.namespace, address, ref.object)', '', [
    STORE,
    'I6 does not follow a reference that',
  ]),
  guard(
    'I7 a missing object is an error',
    'src/state-store',
    'missed) throw missing',
    'missed) return undefined;\n    if (!missed) throw missing',
    [STORE, 'I7 says what is missing: an object or its store'],
  ),
  guard('I7 † the entry is read again as long as it changes', 'src/state-store', 'const REREADS = 5;', 'const REREADS = 1;', [
    STORE,
    'reads the entry again as long as it changes',
  ]),
  guard('I8 the end of a value', 'src/metastore/memory', "'t' || head.expiresAt <= now ?", "'t' ?", [
    METASTORE,
    'C59 I8 an expired value is absent',
  ]),
  guard('I9 an entry goes before its object', 'src/metastore/memory', 'bury(step, change.name, version);', '', [
    STORE,
    'I9 a delete leaves the object to the sweep',
  ]),
  guard('I9 names that look alike stay', 'src/state-store', '`${taskPath(scope)}/`', 'taskPath(scope)', [
    STORE,
    'I9 clears just the mapped item',
  ]),
  guard(
    'I10 an object is read from the store that its entry names',
    'src/state-store',
    'locations.get(ref.store)',
    'objectStore',
    [STORE, 'I10 reads from the former object stores'],
  ),
  guard('I10 a value is decoded with the codec that its entry names', 'src/state-store', 'codecs.get(ref.codec)', 'codec', [
    STORE,
    'I10 reads old values after threshold, codec',
  ]),
  guard(
    '† the tombstone of a deleted value',
    'src/metastore/memory',
    "set(PREFIX.entry + name, headText('1t', version, step.now, until)",
    'delete(PREFIX.entry + name',
    [METASTORE, 'does not bring back a deleted value'],
  ),
  guard(
    '† the same write ID is answered as the first time',
    'src/metastore/memory',
    "if (same) return { kind: 'ok', now: same.updatedAt };",
    '',
    [METASTORE, 'is recognised before the fence is looked at'],
  ),
  guard(
    '† the sequence: a late copy of an older write of the same run',
    'src/metastore/memory',
    "if (heads.some((head) => isLaterOwn(head, write.id))) return { kind: 'old' };",
    '',
    [METASTORE, 'of an older write of the same run does not overwrite'],
  ),
  guard(
    '† lateness: a write is refused long after it began',
    'src/metastore/memory',
    "if (now - write.began > LATENESS) return { kind: 'late' };",
    '',
    [METASTORE, 'that began longer ago than the lateness limit'],
  ),
];
