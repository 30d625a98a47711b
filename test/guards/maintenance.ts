import { guard, type Guard } from './guard.ts';

/** Guards of sweep, reconcile and recover: what is deleted, in which order, and against which metastore nothing is. */

const CLEANUP = 'test/unit/maintenance/maintenance.test.ts';
const LINEAGE = 'test/unit/state-store/objects/lineage.test.ts';
const PATH = 'test/unit/format/path.test.ts';
const OBJECT_NAME = 'test/unit/format/object-name.test.ts';
const MEMORY = 'test/unit/maintenance/reconcile/memory.test.ts';

/** Sweep, reconcile, recover. */
export const MAINTENANCE_GUARDS: readonly Guard[] = [
  guard(
    'I4 the object first, its place on the list after',
    'src/maintenance',
    'const stayed = dryRun ?',
    'for (const { scope, page } of dryRun ? [] : found) {\n    await core.metastore.sweep.forget({ path: scope.path }, page.objects.map(({ object }) => object), call);\n  }\n  const stayed = dryRun ?',
    [CLEANUP, 'I4 a sweep that dies before it deletes loses no place on the list'],
  ),
  guard('I4 what could not be deleted stays listed', 'src/maintenance', '.filter(({ object }) => !stayed.has(object))', '', [
    CLEANUP,
    'C69 what a store refuses of 2,500 cleared values',
  ]),
  guard('I4 and its scope stays due', 'src/maintenance', "cursor === '0' && !failed)", "cursor === '0')", [
    CLEANUP,
    'an object of a store that is not registered keeps its place',
  ]),
  guard('I5 no grace is shorter than a write may take', 'src/maintenance', 'ms < least.ms) throw', 'ms < 1) throw', [
    CLEANUP,
    'C100 refuses a bad grace before any I/O',
  ]),
  guard(
    'I5 † the generation is raised in the metastore first',
    'src/maintenance',
    'core.metastore.lineage.raise(target, call); await writeGeneration(core, current, metastore, { ...newest, generation: target }',
    'writeGeneration(core, current, metastore, { ...newest, generation: target }, call);\n  await core.metastore.lineage.raise(target',
    [CLEANUP, 'I5 raises the generation at least once in a grace'],
  ),
  guard('I5 † a sweep raises it, at least once in a grace', 'src/maintenance', 'if (age >= grace / 2 ||', 'if (age < 0 ||', [
    CLEANUP,
    'against one that was restored from before the last raise',
  ]),
  guard(
    'I5 that of a metastore that was lost is not raised',
    'src/maintenance',
    "newest || current.verdict.kind === 'lost'",
    'newest',
    [CLEANUP, 'I5 raises no generation of a metastore that lost its state'],
  ),
  guard('I5 the first writer of an object makes generation 0', 'src/state-store', 'await core.beforeObject(call);', '', [
    LINEAGE,
    'is made just before the first object',
  ]),
  guard(
    'I5 which is not made from births that may be new',
    'src/state-store',
    'if (later) return',
    'if (later && !store) return',
    [LINEAGE, 'comes back from a later one'],
  ),
  guard('I5 † births: a metastore that was emptied, or is another one', 'src/maintenance', '!== newest.bornAt', '< 0', [
    CLEANUP,
    'against one that was emptied before a new process wrote to it',
  ]),
  guard('I5 a metastore leaves its birth before its first object', 'src/state-store', '} await leaveBirth(core, at, own);', '}', [
    CLEANUP,
    'and put their first objects at the same time',
  ]),
  guard(
    'I5 births of other metastores',
    'src/maintenance',
    '] = othersAmong(births, metastore);',
    '] = othersAmong([], metastore);',
    [CLEANUP, 'against either of two metastores that write under one namespace'],
  ),
  guard(
    'I5 also of one that was born in the same millisecond',
    'src/state-store',
    '`${instant(bornAt)}-${name}`',
    '`${instant(bornAt)}-0123456789abcdef`',
    [CLEANUP, 'that were born in the same millisecond'],
  ),
  guard(
    'I5 a metastore that was recovered leaves its birth',
    'src/maintenance',
    'await leaveBirth(core, { store: current.store, where: {}, call }, metastore);',
    '',
    [CLEANUP, 'I5 leaves the birth of this metastore in place of others'],
  ),
  guard(
    'I5 no rule of a bucket finds a birth old',
    'src/maintenance',
    'await keepBirth(core, at, generations?.births ?? [], own);',
    '',
    [CLEANUP, 'I5 puts the birth of its metastore again'],
  ),
  guard(
    'I5 nor that of a metastore that is refused',
    'src/maintenance',
    'await keepBirth(core, { store: current.store, where: {}, call }, births, lineage.metastore);',
    '',
    [CLEANUP, 'I5 puts the birth of its metastore again'],
  ),
  guard(
    'I5 † generations: a metastore that was restored is behind',
    'src/maintenance',
    '!isNotBehind(metastore, newest)',
    'generation.lowest < 0',
    [CLEANUP, 'against one that was restored from before the last raise'],
  ),
  guard('I5 objects without any generation', 'src/maintenance', '&& !isProbe(parsed', '&& isProbe(parsed', [
    CLEANUP,
    'where objects are there and no generation',
  ]),
  guard(
    'I5 only what is older than the grace, by the time in its name',
    'src/maintenance',
    'if (parsed.time >= until) continue;',
    '',
    [CLEANUP, 'C64 I4 removes only what a crash left before its commit'],
  ),
  guard(
    'I5 nothing of a store whose prefix is below the namespace',
    'src/format',
    '(segment !== ASSETS && isSegment(segment)',
    'isSegment(segment',
    [CLEANUP, 'I5 nor is the asset 42 of a store'],
  ),
  guard(
    'I5 no path of a task has what those of a nested store have',
    'src/format',
    'unlikeAssets("the scope\'s task"',
    'encodeSegment("the scope\'s task"',
    [PATH, 'C10 of a flow or a task named assets'],
  ),
  guard('I5 only paths that this library makes', 'src/format', 'isScopePath(path) && isKeyName(name)', 'name', [
    OBJECT_NAME,
    'of an item that is none',
  ]),
  guard('I5 † only what the metastore does not know', 'src/maintenance', 'held[at] === false);', 'held[at] !== undefined);', [
    CLEANUP,
    'I5 leaves every object that the metastore names',
  ]),
  guard(
    'I5 † the generation is read again after the references',
    'src/maintenance',
    'await requireReferences(parts); requireShare',
    'requireShare',
    [CLEANUP, 'I5 a metastore that is lost while the bucket is listed'],
  ),
  guard(
    'I5 † and before every batch of deletes',
    'src/maintenance',
    'await requireReferences(parts); const batch',
    'const batch',
    [CLEANUP, 'I5 one that is restored between two batches'],
  ),
  guard(
    'I5 the references are read again before every batch of deletes',
    'src/maintenance',
    'await unreferenced(core.metastore.references, candidates, call)',
    'candidates',
    [CLEANUP, 'I5 what recover() found a use for after the listing stays'],
  ),
  guard(
    'I5 and after the generation, at once before the deletes',
    'src/maintenance',
    'await requireReferences(parts); const batch = await unreferenced(core.metastore.references, candidates, call',
    'const batch = await unreferenced(core.metastore.references, candidates, call);\n  await requireReferences(parts',
    [CLEANUP, 'I5 nor what it finds a use for while the generation is read again'],
  ),
  guard(
    'I5 never more than were counted when the share was looked at',
    'src/maintenance',
    ', Math.min(BATCH, left))',
    ', BATCH)',
    [CLEANUP, 'I5 never removes more than it counted'],
  ),
  guard(
    'reconcile keeps nothing of what it lists',
    'src/maintenance',
    '&& waiting.length',
    '&& waiting.length >= counted && waiting.length',
    [MEMORY, 'are removed in constant memory'],
  ),
  guard('a report is no larger than can be read', 'src/maintenance', '|| failed.size >= MOST_NAMED) return;', ') return;', [
    CLEANUP,
    'names no more than 1,000',
  ]),
  guard('I5 no more than a share of the objects', 'src/maintenance', '<= maxShare) return', '<= 1) return', [
    CLEANUP,
    'refuses to delete more than its share',
  ]),
  guard(
    'I5 reconcile is dry unless it is told to apply',
    'src/maintenance/reconcile',
    'options.apply ?? false',
    'options.apply ?? true',
    [CLEANUP, 'C62 changes nothing unless it is told to apply'],
  ),
  guard(
    'I5 a recovery that was cut short is none',
    'src/maintenance',
    'let some: KeyObjects[] = [];',
    'if (apply) await beginAnew(core, true, call);\n  let some: KeyObjects[] = [];',
    [CLEANUP, 'a recovery that did not come to its end'],
  ),
  guard(
    'I5 one that could not read all objects is none',
    'src/maintenance',
    'report.unreadable === 0',
    'report.unreadable >= 0',
    [CLEANUP, 'I5 as long as an object cannot be read'],
  ),
  guard(
    'recover takes the newest object, by fence among attempts',
    'src/maintenance',
    "`${one.id.fence} ${String(one.id.sequence).padStart(10, '0')} ${time(one)}`",
    'time(one)',
    [CLEANUP, 'takes the newest object of a key'],
  ),
  guard('I5 recover takes back what a sweep deletes meanwhile', 'src/maintenance', '(apply && !(await', '(!apply && !(await', [
    CLEANUP,
    'I5 lets go of what a sweep deletes while it is brought back',
  ]),
  guard('recover takes nothing back that was written since', 'src/maintenance', ', expect: writeIdText(found.id)', '', [
    CLEANUP,
    'I5 lets go of what a sweep deletes while it is brought back',
  ]),
  guard('recover replaces an entry whose object is gone', 'src/maintenance', 'instead: ref.object', 'instead: undefined', [
    CLEANUP,
    'an entry of a restored copy whose object is gone',
  ]),
];
