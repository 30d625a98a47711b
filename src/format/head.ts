import { WRITE_ID_PLACE, type Version, type WriteId } from './write-id.ts';
import type { RetentionMs } from '../model/retention.ts';

/**
 * The head that entries and records share, of fixed places: `<format><letter> <write ID 52> <updated at 13> <expires at 13>`.
 * The scripts of the metastore get their places from this table, and compare the parts as text.
 */

/** The instant that stands for no end. */
export const NEVER = 9_999_999_999_999;

/** Digits of an instant. */
export const INSTANT_LENGTH = 13;

/** Places of the parts of a head, as [from, to) of JavaScript. */
export const HEAD_PLACE = {
  format: [0, 1],
  letter: [1, 2],
  version: [3, 55],
  updatedAt: [56, 69],
  expiresAt: [70, 83],
} as const;

/** Characters of the head. */
export const HEAD_LENGTH = 83;

/** What a head says. Fence and sequence are text of fixed width, and compare as such. */
export interface Head {
  letter: string;
  version: Version;
  fence: string;
  nonce: string;
  sequence: string;
  updatedAt: number;
  expiresAt: number;
}

/** Reads a head; a damaged one comes out unchanged. */
export function readHead(text: string): Head {
  const version = text.slice(...HEAD_PLACE.version) as Version;
  return {
    letter: text.slice(...HEAD_PLACE.letter),
    version,
    fence: version.slice(...WRITE_ID_PLACE.fence),
    nonce: version.slice(...WRITE_ID_PLACE.nonce),
    sequence: version.slice(...WRITE_ID_PLACE.sequence),
    updatedAt: Number(text.slice(...HEAD_PLACE.updatedAt)),
    expiresAt: Number(text.slice(...HEAD_PLACE.expiresAt)),
  };
}

/** Writes a head. `start` is the format and the letter. */
export function headText(start: string, version: Version, updatedAt: number, expiresAt: number): string {
  return `${start} ${version} ${instant(updatedAt)} ${instant(expiresAt)}`;
}

/** Replaces the end of a text's life. */
export function withExpiry(text: string, expiresAt: number): string {
  return text.slice(0, HEAD_PLACE.expiresAt[0]) + instant(expiresAt) + text.slice(HEAD_PLACE.expiresAt[1]);
}

/** Milliseconds as 13 digits. */
export function instant(ms: number): string {
  return String(ms).padStart(INSTANT_LENGTH, '0');
}

/** A sequence as it stands in a head. */
export function sequenceText(id: WriteId): string {
  return String(id.sequence).padStart(10, '0');
}

/** The end of a life that begins now. */
export function expiryOf(now: number, retention: RetentionMs): number {
  return retention === 'forever' ? NEVER : Math.min(now + retention, NEVER - 1);
}
