/** Guards of values: the invariants, and the order of a commit. */
import type { Guard } from './guard.ts';

const STORE = 'test/unit/state-store/state-store.test.ts';
const METASTORE = 'test/unit/metastore/memory/store.test.ts';
const VALUES = 'src/metastore/memory/values.ts';
const PUT = 'src/state-store/objects/put.ts';
const LOAD = 'src/state-store/read/load-value.ts';
const DECODE = 'src/state-store/read/decode.ts';
const VERIFIED = 'src/state-store/read/verified.ts';
const WRITE = 'src/state-store/write/write.ts';

/** In the order of docs/design.md. */
export const STORAGE_GUARDS: readonly Guard[] = [
  {
    name: 'I1 an entry refers to an object only once that is put',
    file: PUT,
    remove: { text: '      throw error;\n    });\n  if (!stored)', by: '      return true;\n    });\n  if (!stored)' },
    test: { file: STORE, name: 'keeps the old value or has the new one, whole' },
  },
  {
    name: 'I1 a value changes together with its entry',
    file: VALUES,
    remove: { text: 'if (put.body) hash.bodies.set(', by: 'if (put.body && hash.bodies.size === 0) hash.bodies.set(' },
    test: { file: STORE, name: 'C25 replaces value, time and expiry together' },
  },
  {
    name: 'I2 † only a refusal of the first send is definite',
    file: WRITE,
    remove: { text: 'await send(true, { signal })', by: 'await send(false, { signal })' },
    test: { file: STORE, name: 'I2 never takes a refusal of a resend for the answer' },
  },
  {
    name: 'I2 † nor is one that the client may have sent twice',
    file: 'src/metastore/redis/errors.ts',
    remove: { text: 'if (failure.writes && failure.resent) return', by: 'if (failure.writes && !failure.writes) return' },
    test: { file: 'test/unit/metastore/redis/errors.test.ts', name: 'no refusal of what may have been sent before is definite' },
  },
  {
    name: 'I2 † nor is a refusal by the script, after a resend',
    file: 'src/metastore/replies.ts',
    remove: {
      text: "if (!resent || reply.kind === 'ok') return reply;",
      by: "if (!resent || reply.kind !== 'late') return reply;",
    },
    test: { file: METASTORE, name: 'that is refused has an unknown outcome' },
  },
  {
    name: 'I3 the fence on values',
    file: VALUES,
    remove: { text: '  if (write.fenced && isStale(step, write.id, heads)) return stale(step);\n', by: '' },
    test: { file: STORE, name: 'C95 I3 refuses every write of an attempt that a newer one replaced' },
  },
  {
    name: 'I4 several values: what was put for those that failed is deleted',
    file: WRITE,
    remove: { text: '    await concurrently(done, (value) => value.discard());\n', by: '' },
    test: { file: STORE, name: 'and leaves none of the others' },
  },
  {
    name: 'I4 the object of a refused write is deleted',
    file: WRITE,
    remove: { text: '  await discard();\n  switch', by: '  switch' },
    test: { file: STORE, name: 'leaves no object of a write that lost the comparison' },
  },
  {
    name: 'I4 † an overwritten object goes on the list in the same step',
    file: VALUES,
    remove: { text: '  supersede(step, hash.fields.get(field), put?.meta.ref);\n', by: '' },
    test: { file: METASTORE, name: 'the object of an overwritten value goes on the list' },
  },
  {
    name: 'I4 the object of a stream that failed is deleted',
    file: PUT,
    remove: { text: '    deleteBeside(core, at, object, putting);\n', by: '' },
    test: { file: STORE, name: 'where the put throws after it stored' },
  },
  {
    name: 'I2 a stream that the store did not take as a whole is not committed',
    file: PUT,
    remove: { text: 'if (!watch.ended) throw', by: 'if (!watch) throw' },
    test: { file: STORE, name: 'says that it is done before it took all' },
  },
  {
    name: 'I5 no object is deleted where the outcome is unknown',
    file: WRITE,
    remove: { text: 'if (error instanceof StoreUnavailableError) await discard();', by: 'await discard();' },
    test: { file: STORE, name: 'I5 deletes no object where the outcome is unknown' },
  },
  {
    name: 'I5 † the nonce in the names of objects',
    file: 'src/format/object-name.ts',
    remove: { text: '-${id.nonce}-${instant(time)', by: '-${instant(time)' },
    test: { file: STORE, name: 'never use one object name' },
  },
  {
    name: 'I6 the digest',
    file: VERIFIED,
    remove: { text: "if (createHash('sha256').update(body).digest('hex') !== ref.sha256)", by: 'if (body === undefined)' },
    test: { file: STORE, name: 'C40 I6 refuses an object that is' },
  },
  {
    name: 'I6 the digest of a stream',
    file: VERIFIED,
    remove: { text: "if (hash.digest('hex') !== ref.sha256) throw wrongBytes(ref, where);", by: '' },
    test: { file: STORE, name: 'C40 I6 refuses a large object that is' },
  },
  {
    name: 'I6 the end of a stream is not given before all of it is verified',
    file: VERIFIED,
    remove: { text: '    if (held) yield held;\n    held = chunk;', by: '    yield chunk;' },
    test: { file: STORE, name: 'and never the end of a large one' },
  },
  {
    name: 'I6 the bound of a frame',
    file: 'src/format/frames.ts',
    remove: { text: 'length === 0 || length > longest', by: 'length === 0' },
    test: { file: STORE, name: 'I6 holds no more for a frame than its size allows' },
  },
  {
    name: 'I6 what a frame may stand for',
    file: DECODE,
    remove: { text: 'size: expected, path', by: 'size: expected + 2 ** 40, path' },
    test: { file: STORE, name: 'a bomb is not unpacked' },
  },
  {
    name: 'I6 a frame is encrypted for its place',
    file: 'src/state-store/write/prepare-stream.ts',
    remove: { text: '`${object}/${Math.floor(size / FRAME_BYTES)}`', by: 'object' },
    test: { file: STORE, name: 'come back byte for byte' },
  },
  {
    name: 'I6 the bound of decoding',
    file: DECODE,
    remove: {
      text: 'codec.decode(plain, { signal, maxBytes })',
      by: 'codec.decode(plain, { signal, maxBytes: maxBytes + 2 ** 40 })',
    },
    test: { file: STORE, name: 'I6 bounds decoding by the recorded size' },
  },
  {
    name: 'I6 the bound of gzip without node:zlib',
    file: 'src/codec/gzip.ts',
    remove: { text: 'if (length > maxBytes) throw', by: 'if (length < 0) throw' },
    test: { file: 'test/unit/codec/codecs.test.ts', name: 'decodes a bomb no further than the limit' },
  },
  {
    name: 'I6 the size of an inline value',
    file: LOAD,
    remove: { text: 'if (body?.length === meta.size) return body;', by: 'if (body) return body;' },
    test: { file: STORE, name: 'I6 refuses an inline value of another length' },
  },
  {
    name: 'I6 a reference leads to objects of its own key',
    file: LOAD,
    remove: { text: 'if (!isObjectOf(core.namespace, address, ref.object))', by: 'if (!isObjectOf)' },
    test: { file: STORE, name: 'I6 does not follow a reference that' },
  },
  {
    name: 'I7 a missing object is an error',
    file: LOAD,
    remove: {
      text: 'if (current.text === missed) throw missing(',
      by: 'if (current.text === missed) return undefined;\n    if (!missed) throw missing(',
    },
    test: { file: STORE, name: 'I7 says MissingObjectError' },
  },
  {
    name: 'I7 † the entry is read again as long as it changes',
    file: LOAD,
    remove: { text: 'const REREADS = 5;', by: 'const REREADS = 1;' },
    test: { file: STORE, name: 'reads the entry again as long as it changes' },
  },
  {
    name: 'I8 the end of a value',
    file: 'src/metastore/memory/scope.ts',
    remove: { text: "return head.letter === 't' || head.expiresAt <= now ?", by: "return head.letter === 't' ?" },
    test: { file: METASTORE, name: 'C59 I8 an expired value is absent' },
  },
  {
    name: 'I9 an entry goes before its object',
    file: VALUES,
    remove: { text: '    bury(step, change.name, version);\n', by: '' },
    test: { file: STORE, name: 'I9 deletes the entry and leaves the object' },
  },
  {
    name: 'I9 names that look alike stay',
    file: 'src/state-store/handle/clear.ts',
    remove: { text: '`${taskPath(scope)}/`', by: 'taskPath(scope)' },
    test: { file: STORE, name: 'I9 clears one mapped item' },
  },
  {
    name: 'I10 an object is read from the store that its entry names',
    file: LOAD,
    remove: { text: 'core.locations.get(ref.store)', by: 'core.objectStore' },
    test: { file: STORE, name: 'I10 reads from former object stores' },
  },
  {
    name: 'I10 a value is decoded with the codec that its entry names',
    file: DECODE,
    remove: { text: 'core.codecs.get(ref.codec)', by: 'core.codec' },
    test: { file: STORE, name: 'I10 reads old values after threshold, codec' },
  },
  {
    name: '† the tombstone of a deleted value',
    file: 'src/metastore/memory/scope.ts',
    remove: {
      text: "step.hash.fields.set(PREFIX.entry + name, headText('1t', version, step.now, until));",
      by: 'step.hash.fields.delete(PREFIX.entry + name);',
    },
    test: { file: METASTORE, name: 'does not bring back a deleted value' },
  },
  {
    name: '† the same write ID is answered as the first time',
    file: VALUES,
    remove: { text: '  if (same) return appliedAt(write.changes, same.updatedAt);\n', by: '' },
    test: { file: METASTORE, name: 'is recognised before the fence is looked at' },
  },
  {
    name: '† the sequence: a late copy of an older write of the same run',
    file: VALUES,
    remove: { text: "  if (heads.some((head) => isLaterOwn(head, write.id))) return { kind: 'old' };\n", by: '' },
    test: { file: METASTORE, name: 'of an older write of the same run does not overwrite' },
  },
  {
    name: '† lateness: a write is refused long after it began',
    file: VALUES,
    remove: { text: "  if (now - write.began > LATENESS) return { kind: 'late' };\n", by: '' },
    test: { file: METASTORE, name: 'that began longer ago than the lateness limit' },
  },
];
