import type { Version } from './write-id.ts';
import { HEAD_LENGTH, headText, readHead, type Head } from './head.ts';

/**
 * The text of an external-job record: the head that entries have too, then what the metastore compares, then JSON that only the
 * job reads. `<format><letter> <write ID 52> <updated at 13> <expires at 13> <digest of the ID 32> <submission 6> <JSON>`.
 */

/** The letters of the states of a record: `e` stands for "has an external ID", `o` for "ok". */
export const RECORD_LETTER = { none: 'n', submitting: 's', submitted: 'e', succeeded: 'o', failed: 'f', ambiguous: 'a' } as const;

/** One of them. */
export type RecordLetter = (typeof RECORD_LETTER)[keyof typeof RECORD_LETTER];

/** The format that this version writes and reads. */
export const RECORD_FORMAT = '1';

/** The digest that stands for no external ID. */
export const NO_ID: string = '0'.repeat(32);

/** The JSON of a record that `clear()` left: the next submission number, and nothing of the old job. */
export const CLEARED_JSON = '{"previous":[]}';

/** Digits of a submission number. */
export const SUBMISSION_LENGTH = 6;

/** Places of the parts of a record that come after the head, as [from, to) of JavaScript. The JSON is the rest. */
export const RECORD_PLACE: Readonly<Record<'idDigest' | 'submission', readonly [number, number]> & { json: readonly [number] }> =
  {
    idDigest: [HEAD_LENGTH + 1, HEAD_LENGTH + 33],
    submission: [HEAD_LENGTH + 34, HEAD_LENGTH + 40],
    json: [HEAD_LENGTH + 41],
  };

/** What the fixed places of a record say. */
export interface RecordHead extends Head {
  format: string;
  letter: RecordLetter;
  idDigest: string;
  submission: number;
}

/** The parts of a record, as they are written. */
export interface RecordParts {
  letter: RecordLetter;
  version: Version;
  updatedAt: number;
  expiresAt: number;
  idDigest: string;
  submission: number;
  json: string;
}

/** Writes a record. */
export function recordText(parts: RecordParts): string {
  const head = headText(RECORD_FORMAT + parts.letter, parts.version, parts.updatedAt, parts.expiresAt);
  return `${head} ${parts.idDigest} ${submissionText(parts.submission)} ${parts.json}`;
}

/** A submission number as text of fixed width. */
export function submissionText(submission: number): string {
  return String(submission).padStart(SUBMISSION_LENGTH, '0');
}

/** Reads the fixed places of a record; a damaged one comes out unchanged, and the reader of the JSON refuses it. */
export function readRecordHead(text: string): RecordHead {
  const head = readHead(text);
  return {
    ...head,
    letter: head.letter as RecordLetter,
    format: text[0] ?? '',
    idDigest: text.slice(...RECORD_PLACE.idDigest),
    submission: Number(text.slice(...RECORD_PLACE.submission)),
  };
}

/** The JSON of a record. */
export function recordJson(text: string): string {
  return text.slice(...RECORD_PLACE.json);
}

/** Whether a record of this letter holds an external ID. */
export function holdsId(letter: RecordLetter): boolean {
  return letter === 'e' || letter === 'o' || letter === 'f';
}
