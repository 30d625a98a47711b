import { createInterface } from 'node:readline';
import { addAbortSignal, type Readable } from 'node:stream';
import { onAbort } from '../../async/abort.ts';

/** Where the command reads. */

/** What is typed, or piped in. */
export interface Input {
  /** Whether a person types, who can be asked. */
  readonly isTerminal: boolean;
  /** The next line; `undefined` if the input has ended. */
  line(signal: AbortSignal): Promise<string | undefined>;
  /** The bytes, up to the end. */
  bytes(signal: AbortSignal): AsyncIterable<Uint8Array>;
}

/** A stream, as `process.stdin` is one. */
type Source = NodeJS.ReadableStream & { readonly isTTY?: boolean | undefined };

/** An input from a stream. Opens nothing: `process.stdin` is made when it is asked for first. */
export function createInput(source: () => Source): Input {
  return {
    get isTerminal() {
      return source().isTTY === true;
    },
    async line(signal) {
      // In place of the editor of lines, which would keep Ctrl-C to itself.
      const lines = createInterface({ input: source(), terminal: false });
      let leave = (): void => undefined;
      try {
        return await new Promise<string | undefined>((resolve, reject) => {
          leave = onAbort(signal, () => reject(signal.reason as Error));
          lines.once('line', resolve);
          lines.once('close', () => resolve(undefined));
        });
      } finally {
        leave();
        lines.close();
      }
    },
    bytes: (signal) => addAbortSignal(signal, source() as Readable),
  };
}
