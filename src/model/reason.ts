/** Why something failed, in words that fit into one line of a log or into the text of another error. */

const DEPTH = 5;
const LONGEST = 300;

type ErrorLike = Partial<Record<'message' | 'code' | 'status' | 'statusCode' | 'cause', unknown>> & {
  $metadata?: { httpStatusCode?: unknown };
  response?: { status?: unknown };
};

/**
 * The code of an error, or of the innermost cause that has one: a code such as `ECONNREFUSED`, else an HTTP status. Never a text,
 * which may quote what was sent. `undefined`: neither is there.
 */
export function innermostCode(error: unknown): string | undefined {
  const codes = chain(error).flatMap((one) => [codeIn(one) ?? []].flat());
  return codes.at(-1);
}

/** The message of an error, or whatever was thrown as text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The message of an error, and the codes of it and of its causes: at most 300 characters. */
export function reasonOf(error: unknown): string {
  const parts: string[] = [];
  for (const one of chain(error)) {
    for (const part of [one.message, codeIn(one)]) {
      if (typeof part === 'string' && part !== '' && !parts.some((said) => said.includes(part))) parts.push(part);
    }
  }
  return plainWords(parts.join(': ') || String(error)).slice(0, LONGEST);
}

/**
 * A text of somebody else's error without what such texts are known to quote: user, password and query of an address, and the
 * arguments of a command that Redis did not know.
 */
export function plainWords(text: string): string {
  return text
    .replace(/(:\/\/)[^\s/?#@]*@/g, '$1…@')
    .replace(/(:\/\/[^\s?'"<>]*\?)[^\s'"<>]+/g, '$1…')
    .replace(/(with args beginning with:).*/g, '$1 …');
}

function chain(error: unknown): readonly ErrorLike[] {
  const found: ErrorLike[] = [];
  for (let one = error; found.length < DEPTH && typeof one === 'object' && one !== null; one = (one as ErrorLike).cause) {
    found.push(one);
  }
  return found;
}

function codeIn({ code, status, statusCode, $metadata, response }: ErrorLike): string | undefined {
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{2,63}$/.test(code)) return code;
  const http = [status, statusCode, $metadata?.httpStatusCode, response?.status].find(
    (one) => typeof one === 'number' && one >= 100 && one < 600,
  );
  return http === undefined ? undefined : `HTTP ${http as number}`;
}
