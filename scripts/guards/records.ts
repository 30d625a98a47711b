/** Guards of fences and records: the checks of the one step that writes them. */
import type { Guard } from './guard.ts';

const RULES = 'test/integration/job-rules.test.ts';
const METASTORE = 'test/unit/metastore/memory/store.test.ts';
const RECORDS = 'src/metastore/memory/records.ts';

/** In the order of the step. */
export const RECORD_GUARDS: readonly Guard[] = [
  {
    name: '† a begin by another run of the same attempt',
    file: RECORDS,
    remove: {
      text: 'if (held && (held.fence > request.fence || (held.fence === request.fence && held.nonce !== request.nonce)))',
      by: 'if (held && held.fence > request.fence)',
    },
    test: { file: METASTORE, name: 'two runs of one attempt are told apart by their nonce' },
  },
  {
    name: 'I3 † a record by an attempt that was replaced',
    file: RECORDS,
    remove: {
      text: '    if (held && (held.fence > id.fence || (held.fence === id.fence && held.nonce !== id.nonce))) return stale(step);\n',
      by: '',
    },
    test: { file: METASTORE, name: 'an attempt that was replaced cannot open a submission' },
  },
  {
    name: '† lost state is noted',
    file: RECORDS,
    remove: { text: 'fields.set(FIELD.lost, String(now));', by: 'fields.delete(FIELD.lost);' },
    test: { file: METASTORE, name: 'is noted where a later attempt finds no fence' },
  },
  {
    name: '† a fence that was drawn too long ago',
    file: RECORDS,
    remove: {
      text: '  if (request.drawn && held?.fence !== request.fence && request.fence < fenceAt(now - LATENESS)) return stale(step);\n',
      by: '',
    },
    test: { file: METASTORE, name: 'a fence that was drawn longer ago than the lateness limit' },
  },
  {
    name: '† a record: the same write ID is answered as the first time',
    file: RECORDS,
    remove: { text: 'if (current?.version === version)\n', by: "if (current?.version === 'none')\n" },
    test: { file: METASTORE, name: 'is a resend: it is answered as the first time, also after the attempt was replaced' },
  },
  {
    name: '† a record: a late copy of an older write',
    file: RECORDS,
    remove: { text: "    if (current && isLaterOwn(current, id)) return { kind: 'old' };\n", by: '' },
    test: { file: METASTORE, name: 'a late copy of an older write of this attempt does not take the record back' },
  },
  {
    name: '† withdrawing: only what is still our own',
    file: RECORDS,
    remove: { text: '    if (write.withdraw) return stale(step);\n', by: '' },
    test: { file: METASTORE, name: 'is refused when there is nothing of ours to take back' },
  },
  {
    name: '† an orphan is not listed where the record holds it',
    file: 'src/metastore/memory/operators.ts',
    remove: { text: "  if (head && holdsId(head.letter) && head.idDigest === orphan.idDigest) return 'held';\n", by: '' },
    test: { file: METASTORE, name: 'one that the record holds is not listed' },
  },
  {
    name: '† the tombstone that clear leaves keeps its write ID',
    file: 'src/metastore/memory/operators.ts',
    remove: { text: 'bury(step, name, head.version);', by: 'step.hash.fields.delete(PREFIX.entry + name);' },
    test: { file: METASTORE, name: 'no late copy of a write that it wiped comes back' },
  },
  {
    name: '† submitting needs the fence of its own attempt',
    file: RECORDS,
    remove: { text: "if (letter === 's' && gone) return { kind: 'gone' };", by: '' },
    test: { file: RULES, name: 'found out while an attempt writes ahead' },
  },
  {
    name: '† submitting: only over the record that was decided on',
    file: RECORDS,
    remove: { text: ': current?.version !== write.basis)', by: ': false)' },
    test: { file: RULES, name: 'submitting: where a person answered meanwhile' },
  },
  {
    name: '† submitted: never over another ID',
    file: RECORDS,
    remove: { text: "return current.idDigest !== idDigest || (letter === 'e' && current.letter !== 'e');", by: 'return false;' },
    test: { file: RULES, name: 'a record that holds another ID keeps it' },
  },
  {
    name: '† the exception to the fence: an ID that comes late',
    file: RECORDS,
    remove: { text: "const mine = current?.letter === 's' && own", by: "const mine = current?.letter === 'z' && own" },
    test: { file: RULES, name: 'so the ID of an attempt that was only slow is used' },
  },
  {
    name: '† any write of an ID takes it off the list of orphans',
    file: RECORDS,
    remove: { text: 'if (holdsId(letter)) step.hash.fields.delete(`${PREFIX.orphan}${name}:${idDigest}`);', by: '' },
    test: { file: RULES, name: 'any write of an ID takes it off the list of orphans' },
  },
  {
    name: '† clear supersedes the attempt that runs',
    file: 'src/metastore/memory/operators.ts',
    remove: { text: 'if (held) fields.set(FIELD.fence, `${held.fence} ${id.nonce}`);', by: '' },
    test: { file: RULES, name: 'by a person supersedes the attempt that runs' },
  },
  {
    name: '† clear leaves the next submission number',
    file: 'src/metastore/memory/operators.ts',
    remove: { text: "submission: letter === 'n' ? submission : submission + 1,", by: 'submission,' },
    test: { file: RULES, name: 'by a person supersedes the attempt that runs' },
  },
];
