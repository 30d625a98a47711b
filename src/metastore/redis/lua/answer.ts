import { INSTANT_LENGTH } from '../../../format/head.ts';

/** What scripts answer. The first part is one text of three: the server's time, whether the shard is new, and a word. */

/** A part of an answer. */
export type Part = string | Buffer | null | undefined;

/** What a script answered. */
export interface Answer {
  /** The server's time, in milliseconds. */
  now: number;
  kind: string;
  /** Text, or bytes if asked for; `null` for nothing. */
  rest: readonly Part[];
  /** Whether the client may have sent the script twice. */
  resent: boolean;
}

/** Where the parts of the first text are, as [from, to) of JavaScript. */
const PLACE = { now: [0, INSTANT_LENGTH], born: INSTANT_LENGTH, kind: INSTANT_LENGTH + 1 } as const;

/** Reads what came back. `born`: the script found its shard without a birth, and wrote one. */
export function readAnswer(reply: unknown, resent: boolean): Answer & { born: boolean } {
  const rest = reply as Part[];
  const head = String(rest.shift());
  return {
    now: Number(head.slice(...PLACE.now)),
    kind: head.slice(PLACE.kind),
    born: head[PLACE.born] === '1',
    rest,
    resent,
  };
}
