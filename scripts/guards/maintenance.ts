/** Guards of sweep, reconcile and recover: what is deleted, in which order, and against which metastore nothing is. */
import type { Guard } from './guard.ts';

const CLEANUP = 'test/unit/maintenance/maintenance.test.ts';
const LINEAGE = 'src/maintenance/lineage.ts';
const RECONCILE = 'src/maintenance/reconcile/reconcile.ts';
const CANDIDATES = 'src/maintenance/reconcile/candidates.ts';
const ROUND = 'src/maintenance/sweep/round.ts';
const RECOVER = 'src/maintenance/recover/recover.ts';

/** Sweep, reconcile, recover. */
export const MAINTENANCE_GUARDS: readonly Guard[] = [
  {
    name: 'I4 the object first, its place on the list after',
    file: ROUND,
    remove: {
      text: '  const stayed = dryRun ?',
      by: '  for (const { scope, page } of dryRun ? [] : found) {\n    await core.metastore.forgetObjects({ path: scope.path }, page.objects.map(({ object }) => object), call);\n  }\n  const stayed = dryRun ?',
    },
    test: { file: CLEANUP, name: 'I4 a sweep that dies before it deletes loses no place on the list' },
  },
  {
    name: 'I4 what could not be deleted stays listed',
    file: ROUND,
    remove: { text: 'const gone = objects.filter(({ object }) => !stayed.has(object))', by: 'const gone = objects' },
    test: { file: CLEANUP, name: 'C69 2,500 cleared values go in batches' },
  },
  {
    name: 'I4 and its scope stays due',
    file: ROUND,
    remove: { text: "if (scope.cursor === '0' && !failed)", by: "if (scope.cursor === '0')" },
    test: { file: CLEANUP, name: 'an object of a store that is not registered keeps its place' },
  },
  {
    name: 'I5 no grace is shorter than a write may take',
    file: 'src/maintenance/settings.ts',
    remove: { text: 'if (ms < least.ms) throw', by: 'if (ms < 1) throw' },
    test: { file: CLEANUP, name: 'C100 refuses a bad grace before any I/O' },
  },
  {
    name: 'I5 † the generation is raised in the metastore first',
    file: LINEAGE,
    remove: {
      text: '  await core.metastore.raise(target, call);\n  await writeGeneration(core, current, metastore, { ...newest, generation: target }, call);',
      by: '  await writeGeneration(core, current, metastore, { ...newest, generation: target }, call);\n  await core.metastore.raise(target, call);',
    },
    test: { file: CLEANUP, name: 'I5 raises the generation, the metastore first' },
  },
  {
    name: 'I5 † a sweep raises it, at least once in a grace',
    file: 'src/maintenance/sweep/sweep.ts',
    remove: { text: 'if (age >= grace / 2 ||', by: 'if (age < 0 ||' },
    test: { file: CLEANUP, name: 'against one that was restored from before the last raise' },
  },
  {
    name: 'I5 that of a metastore that was lost is not raised',
    file: 'src/maintenance/sweep/sweep.ts',
    remove: { text: "if (!newest || current.verdict.kind === 'lost') {", by: 'if (!newest) {' },
    test: { file: CLEANUP, name: 'I5 raises no generation of a metastore that lost its state' },
  },
  {
    name: 'I5 the first writer of an object makes generation 0',
    file: 'src/state-store/objects/new-object.ts',
    remove: { text: '  await core.beforeObject(call);\n', by: '' },
    test: { file: 'test/unit/state-store/objects/lineage.test.ts', name: 'is made before the first object' },
  },
  {
    name: 'I5 which is not made from births that may be new',
    file: 'src/state-store/objects/lineage.ts',
    remove: { text: '  if (later) return', by: '  if (later && !store) return' },
    test: { file: 'test/unit/state-store/objects/lineage.test.ts', name: 'comes back from a later one' },
  },
  {
    name: 'I5 † births: a metastore that was emptied, or is another one',
    file: LINEAGE,
    remove: { text: 'if (bornAt !== newest.bornAt) {', by: 'if (bornAt < 0) {' },
    test: { file: CLEANUP, name: 'against one that was emptied, and written to again by a new process' },
  },
  {
    name: 'I5 a metastore leaves its birth before its first object',
    file: 'src/state-store/objects/lineage.ts',
    remove: { text: '  await leaveBirth(core, at, own);\n', by: '' },
    test: { file: CLEANUP, name: 'and put their first objects at the same time' },
  },
  {
    name: 'I5 births of other metastores',
    file: LINEAGE,
    remove: { text: 'const [other] = othersAmong(births, metastore);', by: 'const [other] = othersAmong([], metastore);' },
    test: { file: CLEANUP, name: 'against either of two metastores that write under one namespace' },
  },
  {
    name: 'I5 also of one that was born in the same millisecond',
    file: 'src/state-store/objects/lineage.ts',
    remove: { text: '`${instant(bornAt)}-${name}`', by: '`${instant(bornAt)}-0123456789abcdef`' },
    test: { file: CLEANUP, name: 'that were born in the same millisecond' },
  },
  {
    name: 'I5 a metastore that was recovered leaves its birth',
    file: LINEAGE,
    remove: { text: '    await leaveBirth(core, { store: current.store, where: {}, call }, metastore);\n', by: '' },
    test: { file: CLEANUP, name: 'I5 leaves the birth of this metastore in place of others' },
  },
  {
    name: 'I5 no rule of a bucket finds a birth old',
    file: LINEAGE,
    remove: { text: '    await keepBirth(core, at, generations?.births ?? [], own);\n', by: '' },
    test: { file: CLEANUP, name: 'I5 puts the birth of its metastore again' },
  },
  {
    name: 'I5 nor that of a metastore that is refused',
    file: 'src/maintenance/sweep/sweep.ts',
    remove: {
      text: '      await keepBirth(core, { store: current.store, where: {}, call }, births, lineage.metastore);\n',
      by: '',
    },
    test: { file: CLEANUP, name: 'I5 puts the birth of its metastore again' },
  },
  {
    name: 'I5 † generations: a metastore that was restored is behind',
    file: LINEAGE,
    remove: { text: '  if (!isNotBehind(metastore, newest)) {\n', by: '  if (generation.lowest < 0) {\n' },
    test: { file: CLEANUP, name: 'against one that was restored from before the last raise' },
  },
  {
    name: 'I5 objects without any generation',
    file: CANDIDATES,
    remove: { text: 'if (!generations && !isProbe(parsed.path)) {', by: 'if (!generations && isProbe(parsed.path)) {' },
    test: { file: CLEANUP, name: 'where objects are there and no generation' },
  },
  {
    name: 'I5 only what is older than the grace, by the time in its name',
    file: CANDIDATES,
    remove: { text: '    if (parsed.time >= until) continue;\n', by: '' },
    test: { file: CLEANUP, name: 'C64 I4 removes what a crash left before its commit' },
  },
  {
    name: 'I5 nothing of a store whose prefix is below the namespace',
    file: 'src/format/path.ts',
    remove: { text: '(segment !== ASSETS && isSegment(segment))', by: 'isSegment(segment)' },
    test: { file: CLEANUP, name: 'I5 nor is the asset 42 of a store' },
  },
  {
    name: 'I5 no path of a task has what those of a nested store have',
    file: 'src/format/path.ts',
    remove: { text: `unlikeAssets("the scope's task", task)`, by: `encodeSegment("the scope's task", task)` },
    test: { file: 'test/unit/format/path.test.ts', name: 'C10 of a flow or a task named assets' },
  },
  {
    name: 'I5 only paths that this library makes',
    file: 'src/format/object-name.ts',
    remove: { text: 'return isScopePath(path) && isKeyName(name) ?', by: 'return name ?' },
    test: { file: 'test/unit/format/object-name.test.ts', name: 'of an item that is none' },
  },
  {
    name: 'I5 † only what the metastore does not know',
    file: CANDIDATES,
    remove: { text: 'held[at] === false);', by: 'held[at] !== undefined);' },
    test: { file: CLEANUP, name: 'I5 leaves what entries refer to, expired ones too' },
  },
  {
    name: 'I5 † the generation is read again after the references',
    file: RECONCILE,
    remove: { text: '    await requireReferences(parts);\n    requireShare', by: '    requireShare' },
    test: { file: CLEANUP, name: 'I5 a metastore that is lost while the bucket is listed' },
  },
  {
    name: 'I5 † and before every batch of deletes',
    file: RECONCILE,
    remove: { text: '  await requireReferences(parts);\n  const batch', by: '  const batch' },
    test: { file: CLEANUP, name: 'I5 one that is restored between two batches' },
  },
  {
    name: 'I5 the references are read again before every batch of deletes',
    file: RECONCILE,
    remove: { text: 'const batch = await unreferenced(core, candidates, call);', by: 'const batch = candidates;' },
    test: { file: CLEANUP, name: 'I5 what recover() found a use for after the listing stays' },
  },
  {
    name: 'I5 and after the generation, at once before the deletes',
    file: RECONCILE,
    remove: {
      text: '  await requireReferences(parts);\n  const batch = await unreferenced(core, candidates, call);\n',
      by: '  const batch = await unreferenced(core, candidates, call);\n  await requireReferences(parts);\n',
    },
    test: { file: CLEANUP, name: 'I5 nor what it finds a use for while the generation is read again' },
  },
  {
    name: 'I5 never more than were counted when the share was looked at',
    file: RECONCILE,
    remove: { text: 'waiting.slice(0, Math.min(BATCH, left))', by: 'waiting.slice(0, BATCH)' },
    test: { file: CLEANUP, name: 'I5 never removes more than it counted' },
  },
  {
    name: 'reconcile keeps nothing of what it lists',
    file: RECONCILE,
    remove: {
      text: '    while (left > 0 && waiting.length',
      by: '    while (left > 0 && waiting.length >= counted && waiting.length',
    },
    test: { file: 'test/unit/maintenance/reconcile/memory.test.ts', name: 'are removed in constant memory' },
  },
  {
    name: 'a report is no larger than can be read',
    file: 'src/maintenance/counts.ts',
    remove: { text: ' || failed.size >= MOST_NAMED) return;', by: ') return;' },
    test: { file: CLEANUP, name: 'names no more than 1,000' },
  },
  {
    name: 'I5 no more than a share of the objects',
    file: RECONCILE,
    remove: { text: '|| reached <= maxShare) return;', by: '|| reached <= 1) return;' },
    test: { file: CLEANUP, name: 'refuses to delete more than its share' },
  },
  {
    name: 'I5 reconcile is dry unless it is told to apply',
    file: RECONCILE,
    remove: { text: "apply: flag('apply', options.apply),", by: "apply: flag('apply', options.apply) || true," },
    test: { file: CLEANUP, name: 'C62 only says so, and changes nothing' },
  },
  {
    name: 'I5 a recovery that was cut short is none',
    file: RECOVER,
    remove: {
      text: '  let some: KeyObjects[] = [];\n',
      by: '  if (apply) await beginAnew(core, true, call);\n  let some: KeyObjects[] = [];\n',
    },
    test: { file: CLEANUP, name: 'a recovery that did not come to its end' },
  },
  {
    name: 'I5 one that could not read all objects is none',
    file: RECOVER,
    remove: { text: 'if (report.unreadable === 0) await', by: 'if (report.unreadable >= 0) await' },
    test: { file: CLEANUP, name: 'I5 as long as an object cannot be read' },
  },
  {
    name: 'recover takes the newest object, by fence among attempts',
    file: 'src/maintenance/recover/newest-objects.ts',
    remove: { text: "`${one.id.fence} ${String(one.id.sequence).padStart(10, '0')} ${time(one)}`", by: 'time(one)' },
    test: { file: CLEANUP, name: 'takes the newest object of a key' },
  },
  {
    name: 'I5 recover takes back what a sweep deletes meanwhile',
    file: RECOVER,
    remove: { text: '(apply && !(await', by: '(!apply && !(await' },
    test: { file: CLEANUP, name: 'I5 what a sweep deletes while it is brought back is taken back' },
  },
  {
    name: 'recover takes nothing back that was written since',
    file: RECOVER,
    remove: { text: '{ name, expect: writeIdText(found.id) }', by: '{ name }' },
    test: { file: CLEANUP, name: 'I5 what a sweep deletes while it is brought back is taken back' },
  },
  {
    name: 'recover replaces an entry whose object is gone',
    file: RECOVER,
    remove: { text: 'instead: ref.object', by: 'instead: undefined' },
    test: { file: CLEANUP, name: 'an entry of a restored copy whose object is gone' },
  },
];
