import { inspect } from 'node:util';
import { isMooringError } from '../../src/index.ts';

/** Marked texts that stand for values and credentials, and what is heard anywhere, in which none of them may be. */

/** One mark of each kind. They have the letters and the length of keys and tokens. */
export const MARKS = {
  value: 'zqVALUE7f3a9c2e51d84b06a7f3a9c2e51d84b06',
  bytes: 'zqBYTES7f3a9c2e51d84b06a7f3a9c2e51d84b06',
  input: 'zqINPUT7f3a9c2e51d84b06a7f3a9c2e51d84b06',
  result: 'zqRESULT7f3a9c2e51d84b06a7f3a9c2e51d84b0',
  password: 'zqPASSWORD7f3a9c2e51d84b06a7f3a9c2e51d84',
  accessKey: 'zqACCESSKEY7f3a9c2e51d84b06a7f3a9c2e51d8',
  token: 'zqTOKEN7f3a9c2e51d84b06a7f3a9c2e51d84b06',
  header: 'zqHEADER7f3a9c2e51d84b06a7f3a9c2e51d84b0',
} as const;

/** What was heard, by where. */
export interface Heard {
  /** Notes what was heard: a text, or anything with a text somewhere in it, hidden or not. */
  hear(where: string, ...what: readonly unknown[]): void;
  /**
   * Awaits work. Its error is heard, and returned; what it resolves with is not. `causes`: also the causes, which may be errors of
   * the user's own client. @defaultValue true
   */
  error(where: string, work: () => unknown, causes?: boolean): Promise<unknown>;
  /** Where anything was heard. */
  places(): readonly string[];
  /** Each leak: where, and which mark, with some of the text around it. */
  leaks(): readonly string[];
}

/** Hears nothing yet. */
export function createHeard(more: Readonly<Record<string, string>> = {}): Heard {
  const needles = Object.entries({ ...MARKS, ...more }).flatMap(([kind, mark]) =>
    [mark, ...encoded(mark)].map((needle) => ({ kind, needle })),
  );
  const all: { where: string; text: string }[] = [];
  const hear = (where: string, ...what: readonly unknown[]): void => {
    for (const one of what) all.push({ where, text: textOf(one) });
  };
  return {
    hear,
    async error(where, work, causes = true) {
      try {
        await work();
        return undefined;
      } catch (error) {
        if (causes) hear(where, error);
        // What a user's own function threw comes back unchanged.
        else if (isMooringError(error)) hear(where, String(error.stack), Object.entries(error));
        return error;
      }
    },
    places: () => [...new Set(all.map(({ where }) => where))],
    leaks() {
      const found = new Set<string>();
      for (const { where, text } of all) {
        for (const { kind, needle } of needles) {
          const at = text.indexOf(needle);
          if (at >= 0) found.add(`${where}: ${kind}: …${text.slice(Math.max(0, at - 120), at + needle.length + 20)}…`);
        }
      }
      return [...found];
    },
  };
}

/** The mark as hex, and inside base64 at each of the three ways in which its bytes can fall. */
function encoded(mark: string): string[] {
  const inside = [0, 1, 2].map((shift) => {
    const text = Buffer.from('x'.repeat(shift) + mark).toString('base64');
    return text.slice(shift === 0 ? 0 : 4, -4);
  });
  return [Buffer.from(mark).toString('hex'), ...inside];
}

/** All that a console, a logger or a transport could make of a thing. */
function textOf(one: unknown): string {
  if (typeof one === 'string') return one;
  const shown = inspect(one, { depth: 12, showHidden: true, maxArrayLength: 200, maxStringLength: 100_000 });
  return `${one instanceof Error ? (one.stack ?? '') : ''}\n${shown}\n${jsonOf(one)}`;
}

function jsonOf(one: unknown): string {
  try {
    return JSON.stringify(one) ?? '';
  } catch {
    return '';
  }
}

/** An error as a client of HTTP throws it: harmless words, and all that was sent hanging on it. */
export function clientError(message = 'connect ECONNREFUSED 192.0.2.1:443', code = 'ECONNREFUSED'): Error {
  const sent = { url: `https://api.example.com/jobs?key=${MARKS.token}`, headers: { authorization: `Bearer ${MARKS.header}` } };
  const inner = Object.assign(new Error('the request failed'), { request: sent, data: MARKS.input });
  return Object.assign(new Error(message, { cause: inner }), { code, config: sent, response: { data: MARKS.result } });
}
