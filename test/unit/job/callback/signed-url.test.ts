import { describe, expect, test } from '@jest/globals';
import { signedUrl, verifyUrl } from '../../../../src/job/callback/signed-url.ts';

const OLD = 'o'.repeat(32);
const NEW = 'n'.repeat(32);
const NOW = 1_760_000_000_000;
const LATER = NOW + 60_000;

/** The URL with its parameter changed. */
function changed(url: string, change: (token: string, until: string, signed: string) => string): string {
  const parsed = new URL(url);
  const [token = '', until = '', signed = ''] = String(parsed.searchParams.get('callback')).split('.');
  parsed.searchParams.set('callback', change(token, until, signed));
  return parsed.href;
}

describe('a signed URL', () => {
  test.each(['["7",1760000000000]', 'ma1.WyJ3Il0', 'täsk/{1}?&=#'])(
    'brings the token %s back, to whom gets only its path',
    (token) => {
      const url = new URL(signedUrl('https://example.com/hooks', token, OLD, LATER));

      expect(verifyUrl(url.href, [OLD], NOW)).toEqual({ callbackToken: token });
      expect(verifyUrl(url.pathname + url.search, [OLD], NOW)).toEqual({ callbackToken: token });
    },
  );

  test('keeps the query of its base, bearing what a sender adds', () => {
    const url = signedUrl('https://example.com/hooks?tenant=a%20b', 'token', OLD, LATER);

    expect(new URL(url).searchParams.get('tenant')).toBe('a b');
    expect(verifyUrl(`${url}&status=done`, [OLD], NOW)).toEqual({ callbackToken: 'token' });
  });

  test('is good for exactly as long as it says', () => {
    const url = signedUrl('https://example.com', 'token', OLD, LATER);

    expect(verifyUrl(url, [OLD], LATER - 1)).toEqual({ callbackToken: 'token' });
    expect(verifyUrl(url, [OLD], LATER)).toBe('expired');
  });

  test('is good whichever of the secrets signed it, until its secret is gone', () => {
    const url = signedUrl('https://example.com', 'token', OLD, LATER);

    expect(verifyUrl(url, [NEW, OLD], NOW)).toEqual({ callbackToken: 'token' });
    expect(verifyUrl(url, [NEW], NOW)).toBe('wrong');
  });

  test.each([
    ['another token', (_token: string, until: string, signed: string) => `eA.${until}.${signed}`],
    ['a later expiry', (token: string, _until: string, signed: string) => `${token}.zzzzzz.${signed}`],
    ['no expiry', (token: string, _until: string, signed: string) => `${token}..${signed}`],
    ['a cut signature', (token: string, until: string, signed: string) => `${token}.${until}.${signed.slice(0, -2)}`],
    ['an empty signature', (token: string, until: string) => `${token}.${until}.`],
    ['a fourth part', (token: string, until: string, signed: string) => `${token}.${until}.${signed}.x`],
    ['nothing', () => ''],
    ['a very long text', () => 'x'.repeat(100_000)],
  ])('is wrong with %s', (_what, change) => {
    const url = signedUrl('https://example.com', 'token', OLD, LATER);

    expect(verifyUrl(changed(url, change), [OLD], NOW)).toBe('wrong');
  });

  test('is wrong if it expired and was changed as well', () => {
    const url = changed(signedUrl('https://example.com', 'token', OLD, NOW), (_token, until, signed) => `eA.${until}.${signed}`);

    expect(verifyUrl(url, [OLD], LATER)).toBe('wrong');
  });
});

test.each([
  ['a path', '/hooks', 'token', 'base'],
  ['another protocol', 'ftp://user:hunter2@example.com', 'token', 'base'],
  ['an empty token', 'https://example.com', '', 'callbackToken'],
  ['a token that is too long', 'https://example.com', 'hunter2'.repeat(1_000), 'callbackToken'],
])('%s is refused without being told', (_what, base, token, option) => {
  const sign = (): string => signedUrl(base, token, OLD, LATER);

  expect(sign).toThrow(expect.objectContaining({ code: 'mooring.config', option }));
  expect(sign).not.toThrow(/hunter2/);
});
