/**
 * Where the command writes. Results go to stdout, everything else to stderr. Colour and progress are for a person at a terminal: a
 * pipe and a file get plain lines.
 */

/** A stream, as `process.stdout` is one. */
export interface Stream {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  write(text: string | Uint8Array, then?: (error?: Error | null) => void): unknown;
}

/** The ways to write. */
export interface Terminal {
  /** A line of the result. */
  line(text: string): void;
  /** A line in addition to the result: a warning, an error, a note. */
  note(text: string): void;
  /** Whether a person reads what is not the result. */
  readonly canAsk: boolean;
  /** A question, without the end of its line. */
  ask(text: string): void;
  /** Bytes of the result. Resolves when they were taken: to false if the reader has gone. */
  bytes(chunk: Uint8Array): Promise<boolean>;
  /** Says how far the work is, in place of what it said before. */
  progress(text: string): void;
  /** Takes the last progress away. */
  settle(): void;
  /** How wide the result may be; `undefined` if it goes to no terminal, and nothing is to be cut. */
  readonly columns: number | undefined;
  /** Lines of the result in place of those before, as many as fit. If it goes to no terminal, they follow those before. */
  screen(lines: readonly string[]): void;
  /** A word of the result, in colour if the result goes to a terminal. */
  paint(colour: Colour, text: string): string;
}

/** The colours that are used. */
export type Colour = 'green' | 'yellow' | 'red' | 'dim';

const CODES: Readonly<Record<Colour, readonly [number, number]>> = {
  green: [32, 39],
  yellow: [33, 39],
  red: [31, 39],
  dim: [2, 22],
};
const ERASE = '\r\u001B[2K';
const WIDTH = 80;
const HEIGHT = 24;
/** To the corner; to the end of the line; to the end of the screen. */
const HOME = '\u001B[H';
const REST_OF_LINE = '\u001B[K';
const REST = '\u001B[J';
const ALL = '\u001B[2J';

/** A terminal over two streams. There is no colour with `NO_COLOR` (no-color.org) or on a dumb terminal. */
export function createTerminal(stdout: Stream, stderr: Stream, env: Readonly<Record<string, string | undefined>>): Terminal {
  const dumb = env['TERM'] === 'dumb';
  const coloured = stdout.isTTY === true && !dumb && (env['NO_COLOR'] ?? '') === '';
  const moves = stderr.isTTY === true && !dumb;
  const draws = stdout.isTTY === true && !dumb;
  let shown = false;
  let drawn = false;
  const settle = (): void => {
    if (shown) stderr.write(ERASE);
    shown = false;
  };
  return {
    line(text) {
      settle();
      stdout.write(`${text}\n`);
    },
    note(text) {
      settle();
      stderr.write(`${text}\n`);
    },
    canAsk: stderr.isTTY === true,
    ask(text) {
      settle();
      stderr.write(text);
    },
    bytes: (chunk) => new Promise((resolve) => stdout.write(chunk, (error) => resolve(!error))),
    progress(text) {
      if (!moves) return;
      stderr.write(ERASE + text.slice(0, (stderr.columns ?? WIDTH) - 1));
      shown = true;
    },
    settle,
    get columns() {
      return stdout.isTTY === true ? (stdout.columns ?? WIDTH) : undefined;
    },
    screen(lines) {
      settle();
      if (!draws) return void stdout.write(`${lines.join('\n')}\n\n`);
      const most = (stdout.rows ?? HEIGHT) - 1;
      const fitting = lines.length > most ? [...lines.slice(0, most - 1), `… ${lines.length - most + 1} more lines`] : lines;
      // What is drawn stays readable until the new text stands over it: nothing flickers.
      stdout.write(`${drawn ? '' : ALL}${HOME}${fitting.map((line) => `${line}${REST_OF_LINE}\n`).join('')}${REST}`);
      drawn = true;
    },
    paint(colour, text) {
      const [on, off] = CODES[colour];
      return coloured ? `\u001B[${on}m${text}\u001B[${off}m` : text;
    },
  };
}
