/** Who did what when: one line for each event. Colour on a terminal, plain text in a pipe. */
import { styleText } from 'node:util';

/** Who acts. */
export type Actor = 'demo' | 'redis' | 'batch' | 'worker 1' | 'worker 2';

/** How a line is meant. */
type Tone = 'plain' | 'good' | 'bad' | 'quiet';

const ACTORS = { demo: 'gray', redis: 'gray', batch: 'yellow', 'worker 1': 'cyan', 'worker 2': 'magenta' } as const;
const TONES = { good: 'green', bad: 'red', quiet: 'gray' } as const;

/** Writes lines. */
export interface Timeline {
  line(actor: Actor, text: string, tone?: Tone): void;
  /** The summary's lines: what, and its value. */
  fact(what: string, value: string, tone?: Tone): void;
}

/** A timeline that begins now. */
export function timeline(out: NodeJS.WriteStream, quiet: boolean): Timeline {
  const start = Date.now();
  const colour = out.isTTY && process.env['NO_COLOR'] === undefined;
  const paint = (style: Parameters<typeof styleText>[0], text: string): string => (colour ? styleText(style, text) : text);
  const toned = (text: string, tone: Tone): string => (tone === 'plain' ? text : paint(TONES[tone], text));
  return {
    line(actor, text, tone = 'plain') {
      if (quiet) return;
      const seconds = `${((Date.now() - start) / 1_000).toFixed(1).padStart(6)}s`;
      out.write(`${paint('gray', seconds)}  ${paint(ACTORS[actor], actor.padEnd(8))}  ${toned(text, tone)}\n`);
    },
    fact(what, value, tone = 'plain') {
      if (!quiet) out.write(`  ${what.padEnd(13)}${toned(value, tone)}\n`);
    },
  };
}
