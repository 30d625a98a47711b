import { randomText, type Random } from '../async/random.ts';
import type { Version } from '../model/version.ts';

export type { Version } from '../model/version.ts';

/**
 * Who may write. A fence has 24 digits and is compared as text, since Lua cannot compare numbers above 2^53 exactly. A nonce
 * tells two runs of one attempt apart, and a sequence their writes; together they are the write ID, which makes a resend
 * harmless.
 */

/** 24 digits. */
export type Fence = string;

/** The lowest fence, for a writer that no fence binds. */
export const UNFENCED: Fence = '0'.repeat(24);

/** A fence from a pair that orders attempts, the first number before the second. */
export function orderedFence(order: readonly [number, number]): Fence {
  return String(order[0]).padStart(16, '0') + String(order[1]).padStart(8, '0');
}

/** The identity of one write. */
export interface WriteId {
  fence: Fence;
  /** 16 letters and digits; the first is `a` for an attempt and `t` for a tool or a person. */
  nonce: string;
  /** From 1, in steps of 1, per nonce. */
  sequence: number;
}

/** The nonce of one run of an attempt, or of one unfenced handle. */
export function drawNonce(kind: 'attempt' | 'tool', random: Random): string {
  return (kind === 'attempt' ? 'a' : 't') + randomText(random, 15);
}

/**
 * Places of the parts of a write ID, as [from, to) of JavaScript. A fence that a scope records has its nonce at the same place:
 * `<fence> <nonce>`.
 */
export const WRITE_ID_PLACE = { fence: [0, 24], nonce: [25, 41], sequence: [42, 52] } as const;

/** A write ID as text: 52 characters of fixed places, `<fence>-<nonce>-<sequence>`. */
export function writeIdText(id: WriteId): Version {
  return `${id.fence}-${id.nonce}-${String(id.sequence).padStart(10, '0')}` as Version;
}

const WRITE_ID = /^(\d{24})-([at][0-9a-z]{15})-(\d{10})$/;

/** The write ID that a text stands for, or `undefined`. */
export function parseWriteId(text: string): WriteId | undefined {
  const match = WRITE_ID.exec(text);
  return match ? { fence: match[1] as string, nonce: match[2] as string, sequence: Number(match[3]) } : undefined;
}

/** Numbers the writes of one nonce. */
export interface Writer {
  readonly fence: Fence;
  readonly nonce: string;
  /** The next write ID. Never given twice. */
  next(): WriteId;
}

/** A writer that counts from 1. */
export function createWriter(fence: Fence, nonce: string): Writer {
  let sequence = 0;
  return { fence, nonce, next: () => ({ fence, nonce, sequence: (sequence += 1) }) };
}
