import { randomBytes } from 'node:crypto';

/** Draws a number of at least 0 and below 1. */
export type Random = () => number;

/** The system's source: 48 bits from the operating system, since two attempts must never draw the same nonce. */
export const systemRandom: Random = () => randomBytes(6).readUIntBE(0, 6) / 2 ** 48;

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** A random text of letters and digits, 5 bits each (Crockford's alphabet, without i, l, o, u). */
export function randomText(random: Random, length: number): string {
  // The system's source gives them all at once: a call of it costs more than the rest of a short attempt.
  if (random === systemRandom) return Array.from(randomBytes(length), (byte) => ALPHABET[byte % 32]).join('');
  let text = '';
  while (text.length < length) text += ALPHABET[Math.floor(random() * 32)];
  return text;
}
