import { guard, type Guard } from './guard.ts';

/** Guards of fences and records: the checks of the one step that writes them. */

const METASTORE = 'test/unit/metastore/memory/store.test.ts';
const RULES = 'test/integration/job-rules.test.ts';

/** In the order of the step. */
export const RECORD_GUARDS: readonly Guard[] = [
  guard(
    '† a begin by another run of the same attempt',
    'src/metastore/memory',
    '(held.fence > request.fence || (held.fence === request.fence && held.nonce !== request.nonce))',
    'held.fence > request.fence',
    [METASTORE, 'two runs of one attempt are told apart by their nonce'],
  ),
  guard(
    'I3 † a record by an attempt that was replaced',
    'src/metastore/memory',
    'if (held && (held.fence > id.fence || (held.fence === id.fence && held.nonce !== id.nonce))) return stale(step);',
    '',
    [METASTORE, 'an attempt that was replaced cannot open a submission'],
  ),
  guard('† lost state is noted', 'src/metastore/memory', 'set(FIELD.lost, String(now)', 'delete(FIELD.lost', [
    METASTORE,
    'is noted where a later attempt finds no fence',
  ]),
  guard(
    '† a fence that was drawn too long ago',
    'src/metastore/memory',
    'if (request.drawn && held?.fence !== request.fence && request.fence < fenceAt(now - LATENESS)) return stale(step);',
    '',
    [METASTORE, 'a fence that was drawn longer ago than the lateness limit'],
  ),
  guard(
    '† a record: the same write ID is answered as the first time',
    'src/metastore/memory',
    'if (current?.version === version)',
    "if (current?.version === 'none')",
    [METASTORE, 'is a resend: it is answered as the first time, also after the attempt was replaced'],
  ),
  guard(
    '† a record: a late copy of an older write',
    'src/metastore/memory',
    "if (current && isLaterOwn(current, id)) return { kind: 'old' };",
    '',
    [METASTORE, 'a late copy of an older write of this attempt does not take the record back'],
  ),
  guard('† withdrawing: only what is still our own', 'src/metastore/memory', 'if (write.withdraw) return stale(step);', '', [
    METASTORE,
    'is refused when there is nothing of ours to take back',
  ]),
  guard(
    '† an orphan is not listed where the record holds it',
    'src/metastore/memory',
    "if (head && holdsId(head.letter) && head.idDigest === orphan.idDigest) return 'held';",
    '',
    [METASTORE, 'one that the record holds is not listed'],
  ),
  guard(
    '† the tombstone that clear leaves keeps its write ID',
    'src/metastore/memory',
    'bury(step, name, head.version',
    'step.hash.fields.delete(PREFIX.entry + name',
    [METASTORE, 'no late copy of a write that it wiped comes back'],
  ),
  guard(
    '† submitting needs the fence of its own attempt',
    'src/metastore/memory',
    "if (letter === 's' && gone) return { kind: 'gone' };",
    '',
    [RULES, 'found out while an attempt writes ahead'],
  ),
  guard(
    '† submitting: only over the record that was decided on',
    'src/metastore/memory',
    'current?.version !== write.basis',
    'false',
    [RULES, 'submitting: where a person answered meanwhile'],
  ),
  guard(
    '† submitted: never over another ID',
    'src/metastore/memory',
    "current.idDigest !== idDigest || (letter === 'e' && current.letter !== 'e')",
    'false',
    [RULES, 'a record that holds another ID keeps it'],
  ),
  guard(
    '† the exception to the fence: an ID that comes late',
    'src/metastore/memory',
    "letter === 's' && own",
    "letter === 'z' && own",
    [RULES, 'the ID of an attempt that was only slow is used'],
  ),
  guard(
    '† any write of an ID takes it off the list of orphans',
    'src/metastore/memory',
    'if (holdsId(letter)) step.hash.fields.delete(`${PREFIX.orphan}${name}:${idDigest}`);',
    '',
    [RULES, 'any write of an ID takes it off the list of orphans'],
  ),
  guard(
    '† clear supersedes the attempt that runs',
    'src/metastore/memory',
    'if (held) fields.set(FIELD.fence, `${held.fence} ${id.nonce}`);',
    '',
    [RULES, 'by a person supersedes the attempt that runs'],
  ),
  guard(
    '† clear leaves the next submission number',
    'src/metastore/memory',
    ": letter === 'n' ? submission : submission + 1",
    '',
    [RULES, 'by a person supersedes the attempt that runs'],
  ),
];
