import { createHmac, timingSafeEqual } from 'node:crypto';
import { ConfigError } from '../../model/errors/store.ts';

/**
 * A URL that carries a callback token, until when it is good, and a signature over both. The query parameter `callback` is
 * `<token>.<expiry>.<signature>`: the token and the HMAC-SHA256 in base64url, the expiry in seconds since the epoch, in base 36.
 */

const PARAMETER = 'callback';
/** The most characters of a callback token, and of the parameter that holds one. */
const LONGEST_TOKEN = 2_000;
const LONGEST_PARAMETER = 4_000;
/** Keeps a signature of this purpose apart from any other that is made with the secret. */
const PURPOSE = 'mooring-callback-1';

/** What a URL is worth. Nothing tells one wrong URL from another. */
export type Verdict = { callbackToken: string } | 'wrong' | 'expired';

/**
 * Signs a URL.
 *
 * @param expires - When it ceases to be good, in milliseconds since the epoch.
 * @throws {@link ConfigError} for an invalid base or token.
 */
export function signedUrl(base: string | URL, callbackToken: string, secret: string, expires: number): string {
  if (typeof callbackToken !== 'string' || callbackToken === '' || callbackToken.length > LONGEST_TOKEN) {
    throw new ConfigError('callbackToken', `must be the text that submit() was given, of at most ${LONGEST_TOKEN} characters`);
  }
  const url = URL.canParse(String(base)) ? new URL(base) : undefined;
  // The value is left out of the error: it may hold a password.
  if (!url || !['http:', 'https:'].includes(url.protocol)) throw new ConfigError('base', 'must be an absolute http(s) URL');
  const until = Math.floor(expires / 1000).toString(36);
  const token = Buffer.from(callbackToken).toString('base64url');
  url.searchParams.set(PARAMETER, `${token}.${until}.${signature(secret, token, until).toString('base64url')}`);
  return url.href;
}

/** What a URL is worth: its path and query are enough. Every secret is tried, so the time tells nothing of which one fits. */
export function verifyUrl(url: string, secrets: readonly string[], now: number): Verdict {
  const given = new URLSearchParams(url.slice(url.indexOf('?') + 1)).get(PARAMETER) ?? '';
  const [token = '', until = '', signed = '', ...others] = given.length > LONGEST_PARAMETER ? [] : given.split('.');
  const theirs = Buffer.from(signed, 'base64url');
  const fits = secrets.map((secret) => {
    const ours = signature(secret, token, until);
    return theirs.length === ours.length && timingSafeEqual(theirs, ours);
  });
  if (!fits.includes(true) || others.length > 0) return 'wrong';
  if (now >= Number.parseInt(until, 36) * 1000) return 'expired';
  return { callbackToken: Buffer.from(token, 'base64url').toString() };
}

function signature(secret: string, token: string, until: string): Buffer {
  return createHmac('sha256', secret).update(`${PURPOSE}.${token}.${until}`).digest();
}
