import { ENTRY_FORMAT, ENTRY_JSON, ENTRY_KIND } from '../../../format/entry.ts';
import { HEAD_PLACE, INSTANT_LENGTH } from '../../../format/head.ts';
import { RECORD_LETTER, RECORD_PLACE } from '../../../format/record-head.ts';
import { PREFIX } from '../../../format/redis-keys.ts';
import { WRITE_ID_PLACE } from '../../../format/write-id.ts';

/**
 * What scripts know of texts, from the tables by which TypeScript reads and writes them. It stands in a script as text: every
 * call of the script would make a local of Lua, and even more a function, anew.
 */

type Place = readonly [from: number, to?: number];

/** A place of JavaScript as Lua counts it: from 1, and to the last character. */
function lua([from, to]: Place): string {
  return to === undefined ? String(from + 1) : `${from + 1}, ${to}`;
}

function inHead([from, to]: readonly [number, number]): string {
  const [start] = HEAD_PLACE.version;
  return lua([start + from, start + to]);
}

const { fence, nonce, sequence } = WRITE_ID_PLACE;
/** The part of a write ID that all writes of one run share. */
const run = [fence[0], nonce[1]] as const;

type Part =
  | 'format'
  | 'letter'
  | 'version'
  | 'headRun'
  | 'headFence'
  | 'headNonce'
  | 'headSequence'
  | 'updatedAt'
  | 'buried'
  | 'beforeExpiry'
  | 'expiresAt'
  | 'afterExpiry'
  | 'entryJson'
  | 'idDigest'
  | 'submission'
  | 'recordJson'
  | 'run'
  | 'fence'
  | 'nonce'
  | 'sequence'
  | 'kind'
  | 'name';

/** Where parts of texts are: `text:sub(${AT.version})`. */
export const AT: Readonly<Record<Part, string>> = {
  /** Parts of an entry or a record. */
  format: lua(HEAD_PLACE.format),
  letter: lua(HEAD_PLACE.letter),
  version: lua(HEAD_PLACE.version),
  /** Parts of the version of an entry or a record. */
  headRun: inHead(run),
  headFence: inHead(fence),
  headNonce: inHead(nonce),
  headSequence: inHead(sequence),
  updatedAt: lua(HEAD_PLACE.updatedAt),
  /** Parts of a tombstone that keeps what it buries: the version, and when that was written. */
  buried: lua([HEAD_PLACE.version[0], HEAD_PLACE.updatedAt[1]]),
  beforeExpiry: lua([0, HEAD_PLACE.expiresAt[0]]),
  expiresAt: lua(HEAD_PLACE.expiresAt),
  afterExpiry: lua([HEAD_PLACE.expiresAt[1]]),
  entryJson: lua([ENTRY_JSON]),
  idDigest: lua(RECORD_PLACE.idDigest),
  submission: lua(RECORD_PLACE.submission),
  recordJson: lua(RECORD_PLACE.json),
  /** Parts of a write ID. Fence and nonce have the same places in the fence that a scope records. */
  run: lua(run),
  fence: lua(fence),
  nonce: lua(nonce),
  sequence: lua(sequence),
  /** Parts of the name of a field: its letter with the colon, and the rest. */
  kind: lua([0, PREFIX.entry.length]),
  name: lua([PREFIX.entry.length]),
};

/** The letters of entries and records, as texts of Lua. */
export const LETTER: Readonly<Record<keyof typeof ENTRY_KIND | keyof typeof RECORD_LETTER, string>> = {
  inline: text(ENTRY_KIND.inline),
  reference: text(ENTRY_KIND.reference),
  tombstone: text(ENTRY_KIND.tombstone),
  none: text(RECORD_LETTER.none),
  submitting: text(RECORD_LETTER.submitting),
  submitted: text(RECORD_LETTER.submitted),
  succeeded: text(RECORD_LETTER.succeeded),
  failed: text(RECORD_LETTER.failed),
  ambiguous: text(RECORD_LETTER.ambiguous),
};

function text(letter: string): string {
  return `'${letter}'`;
}

/** Milliseconds as they stand in a head; `ms` is an expression of Lua. A plain number would lose its shape: `1.8e+12`. */
export function instantText(ms: string): string {
  return `string.format('%0${INSTANT_LENGTH}.0f', ${ms})`;
}

/** The text of a head that is written now, from expressions of Lua; `expires` is milliseconds. */
export function head(letter: string, id: string, expires: string): string {
  return `'${ENTRY_FORMAT}' .. ${letter} .. ' ' .. ${id} .. ' ' .. instant .. ' ' .. ${instantText(expires)}`;
}
