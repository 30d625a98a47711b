import type { AnyError } from './causes.ts';

/** Requests that a client refuses to make. */

const CODES: Readonly<Record<string, string>> = {
  ERR_INVALID_URL: 'its URL is invalid',
  ERR_INVALID_PROTOCOL: 'the protocol of its URL is not that of the client',
  ERR_UNSUPPORTED_PROTOCOL: 'the protocol of its URL is unknown to the client',
  ERR_UNESCAPED_CHARACTERS: 'its path has characters that are not escaped',
  ERR_INVALID_HTTP_TOKEN: 'its method, or the name of a header, is invalid',
  ERR_INVALID_CHAR: 'the value of a header is invalid',
  ERR_HTTP_INVALID_HEADER_VALUE: 'the value of a header is invalid',
  UND_ERR_INVALID_ARG: 'its method, its URL or a header is invalid',
};

/** `fetch` has no codes for these. The words are undici's. */
const FETCH: readonly (readonly [RegExp, string])[] = [
  [/^Request cannot be constructed from a URL that includes credentials/, 'its URL has credentials, which fetch does not send'],
  [/ is not a valid HTTP method\.$/, 'its method is invalid'],
  [/^Headers\.append: .* is an invalid header (?:name|value)\.$/s, 'a header is invalid'],
];

/** What is invalid about a request; `undefined`: it is another error. */
export function invalidRequest({ code, name, message }: AnyError): string | undefined {
  if (typeof code === 'string' && code in CODES) return CODES[code];
  if (name !== 'TypeError' || typeof message !== 'string') return undefined;
  return FETCH.find(([words]) => words.test(message))?.[1];
}
