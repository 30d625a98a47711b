import { guard, type Guard } from './guard.ts';

/** Guards of what removes, and of what puts back: sweep, the superseded list, restore, generations. */

const METASTORE = 'test/unit/metastore/memory/store.test.ts';

/** In the order of a sweep. */
export const SWEEP_GUARDS: readonly Guard[] = [
  guard(
    'I8 † removal checks the end of a value again in its step',
    'src/metastore/memory',
    '(expiresAt > step.now) {',
    '(expiresAt === NEVER) {',
    [METASTORE, '† I8 checks again in its step'],
  ),
  guard(
    'I4 † a sweep supersedes the objects of what it removes in the same step',
    'src/metastore/memory/sweep.ts',
    'supersede(step, text);',
    '',
    [METASTORE, 'removes entries that have expired, inline and offloaded alike'],
  ),
  guard('† a sweep leaves the write ID of what it removes', 'src/metastore/memory', 'buried <= step.now)', 'buried > 0)', [
    METASTORE,
    'leaves the write ID behind, for a late copy of an older write',
  ]),
  guard(
    'I5 † a superseded object that the entry refers to again is never named',
    'src/metastore/memory',
    'isReferredTo(step.hash, name) ? undefined : supersededObject',
    'supersededObject',
    [METASTORE, '† I5 never names a superseded object that the entry refers to again'],
  ),
  guard(
    'I5 nor is one that an entry of a newer version may refer to',
    'src/metastore/memory',
    '(isForeign(text) || text.includes(object)',
    'text.includes(object',
    [METASTORE, 'I5 nor one that an entry may refer to which only a newer version reads'],
  ),
  guard('I5 an object is named after the grace only', 'src/metastore/memory', '(since + grace > step', '(since > step', [
    METASTORE,
    'names an object only after the grace',
  ]),
  guard(
    'I4 what is on the superseded list keeps the scope',
    'src/metastore/memory',
    'keep(step, Math.max(since + grace, step.now) + SWEEP_TIME);',
    '',
    [METASTORE, 'stays on the list for as long as the scope is swept'],
  ),
  guard(
    '† a time that is set while a sweep goes on takes its nonce away',
    'src/metastore/memory',
    'step.hash.fields.delete(FIELD.sweep);',
    '',
    [METASTORE, '† a time that is set while the sweep goes on is not lost'],
  ),
  guard(
    '† the end of a sweep changes the index only with its nonce',
    'src/metastore/memory',
    'if (hash && hash.fields.get(FIELD.sweep) !== nonce) return;',
    '',
    [METASTORE, 'of a sweep that another one has overtaken changes nothing'],
  ),
  guard(
    '† a page brings no nonce back that was taken away',
    'src/metastore/memory',
    "request.cursor === '0' || fields.get(FIELD.sweep) === request.nonce",
    'true',
    [METASTORE, '† nor one between two pages'],
  ),
  guard(
    'I5 what is on the superseded list is held',
    'src/metastore/memory',
    '|| hash.fields.has(PREFIX.superseded + object)',
    '',
    [METASTORE, 'I5 what an entry or the superseded list names is held'],
  ),
  guard(
    '† nothing is restored over a tombstone',
    'src/metastore/memory',
    'undefined && !isInstead(',
    "undefined && text[1] !== 't' && !isInstead(",
    [METASTORE, '† never over a tombstone'],
  ),
  guard(
    '† nothing is restored from the superseded list',
    'src/metastore/memory',
    "if (fields?.has(PREFIX.superseded + (meta.ref?.object ?? ''))) return 'there';",
    '',
    [METASTORE, '† never from an object on the superseded list'],
  ),
  guard('I5 † a generation is only ever raised', 'src/metastore/memory', 'Math.max(data.generation, generation)', 'generation', [
    METASTORE,
    '† is only ever raised',
  ]),
];
