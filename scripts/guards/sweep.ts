/** Guards of what removes, and of what puts back: sweep, the superseded list, restore, generations. */
import type { Guard } from './guard.ts';

const METASTORE = 'test/unit/metastore/memory/store.test.ts';
const SWEEP = 'src/metastore/memory/sweep.ts';
const RESTORE = 'src/metastore/memory/restore.ts';

/** In the order of a sweep. */
export const SWEEP_GUARDS: readonly Guard[] = [
  {
    name: 'I8 † removal checks the end of a value again in its step',
    file: SWEEP,
    remove: { text: '  if (expiresAt > step.now) {\n', by: '  if (expiresAt === NEVER) {\n' },
    test: { file: METASTORE, name: '† I8 checks again in its step' },
  },
  {
    name: 'I4 † a sweep supersedes the objects of what it removes in the same step',
    file: SWEEP,
    remove: { text: '    supersede(step, text);\n', by: '' },
    test: { file: METASTORE, name: 'and supersedes their objects in the same step' },
  },
  {
    name: '† a sweep leaves the write ID of what it removes',
    file: SWEEP,
    remove: { text: '  if (buried <= step.now) return;\n', by: '  if (buried > 0) return;\n' },
    test: { file: METASTORE, name: 'leaves the write ID behind, for a late copy of an older write' },
  },
  {
    name: 'I5 † a superseded object that the entry refers to again is never named',
    file: SWEEP,
    remove: {
      text: 'isReferredTo(step.hash, name) ? undefined : supersededObject(name, text)',
      by: 'supersededObject(name, text)',
    },
    test: { file: METASTORE, name: '† I5 never names a superseded object that the entry refers to again' },
  },
  {
    name: 'I5 nor is one that an entry of a newer version may refer to',
    file: SWEEP,
    remove: { text: '(isForeign(text) || text.includes(object))', by: 'text.includes(object)' },
    test: { file: METASTORE, name: 'I5 nor one that an entry may refer to which only a newer version reads' },
  },
  {
    name: 'I5 an object is named after the grace only',
    file: SWEEP,
    remove: { text: 'if (since + grace > step.now) {', by: 'if (since > step.now) {' },
    test: { file: METASTORE, name: 'names an object only after the grace' },
  },
  {
    name: 'I4 what is on the superseded list keeps the scope',
    file: SWEEP,
    remove: { text: '  keep(step, Math.max(since + grace, step.now) + SWEEP_TIME);\n', by: '' },
    test: { file: METASTORE, name: 'stays on the list, and keeps the scope, for as long as it is swept' },
  },
  {
    name: '† a time that is set while a sweep goes on takes its nonce away',
    file: 'src/metastore/memory/scope.ts',
    remove: { text: '  step.hash.fields.delete(FIELD.sweep);\n', by: '' },
    test: { file: METASTORE, name: '† a time that is set while the sweep goes on is not lost' },
  },
  {
    name: '† the end of a sweep changes the index only with its nonce',
    file: SWEEP,
    remove: { text: '  if (hash && hash.fields.get(FIELD.sweep) !== nonce) return;\n', by: '' },
    test: { file: METASTORE, name: 'of a sweep that another one has overtaken changes nothing' },
  },
  {
    name: '† a page brings no nonce back that was taken away',
    file: SWEEP,
    remove: { text: "request.cursor === '0' || fields.get(FIELD.sweep) === request.nonce", by: 'true' },
    test: { file: METASTORE, name: '† nor one between two pages' },
  },
  {
    name: 'I5 what is on the superseded list is held',
    file: RESTORE,
    remove: { text: ' || hash.fields.has(PREFIX.superseded + object)', by: '' },
    test: { file: METASTORE, name: 'I5 what an entry refers to is held, and what is on the superseded list' },
  },
  {
    name: '† nothing is restored over a tombstone',
    file: RESTORE,
    remove: { text: 'if (text !== undefined && !isInstead(', by: "if (text !== undefined && text[1] !== 't' && !isInstead(" },
    test: { file: METASTORE, name: '† never over a tombstone' },
  },
  {
    name: '† nothing is restored from the superseded list',
    file: RESTORE,
    remove: { text: "  if (fields?.has(PREFIX.superseded + (meta.ref?.object ?? ''))) return 'there';\n", by: '' },
    test: { file: METASTORE, name: '† never from an object on the superseded list' },
  },
  {
    name: 'I5 † a generation is only ever raised',
    file: 'src/metastore/memory/lineage.ts',
    remove: { text: 'Math.max(data.generation, generation)', by: 'generation' },
    test: { file: METASTORE, name: '† is only ever raised' },
  },
];
