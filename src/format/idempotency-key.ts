import { createHash } from 'node:crypto';

/**
 * Keys that external systems know a request by. They are derived, never drawn, so an external system recognises them after the
 * metastore lost everything. A key has 40 characters: it fits the client token of a cloud API and leaves room for a prefix in a
 * DNS label.
 */

/** What makes one submission of one job. */
export interface SubmissionIdentity {
  namespace: string;
  path: string;
  /** The name of the record. */
  name: string;
  submission: number;
  /** When the runtime created the job, in milliseconds: job IDs come back after a queue was emptied. */
  createdAt: number;
  /** Digest; `undefined` if the external job has none. */
  fingerprint: string | undefined;
}

/** The idempotency key of a submission. */
export function submissionKey({ namespace, path, name, submission, createdAt, fingerprint }: SubmissionIdentity): string {
  return key([namespace, path, name, submission, createdAt, fingerprint ?? null]);
}

/** The key of a task for a user's own calls. */
export function namedKey(task: { namespace: string; path: string; createdAt: number }, name: string): string {
  return key([task.namespace, task.path, task.createdAt, name]);
}

/** Lower case of RFC 4648. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const LETTERS = 39;

function key(identity: readonly unknown[]): string {
  const digest = createHash('sha256').update(JSON.stringify(identity)).digest();
  let text = 'm';
  let bits = 0;
  let held = 0;
  for (const byte of digest) {
    held = ((held << 8) | byte) & 0xfff;
    bits += 8;
    while (bits >= 5 && text.length <= LETTERS) {
      bits -= 5;
      text += ALPHABET[(held >> bits) & 31];
    }
  }
  return text;
}

/** A fingerprint as it is stored and compared: 32 hex digits, whatever the user's text. */
export function fingerprintDigest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
