import { systemClock } from '../../src/async/clock.ts';
import { run } from '../../src/cli/run.ts';
import { createTerminal } from '../../src/cli/terminal.ts';
import type { Input } from '../../src/cli/input/stdin.ts';
import type { Tools } from '../../src/cli/tools.ts';

/** One run of the command without a process: what it wrote, and its exit code. */

/** How it is run. */
export interface CommandOptions {
  env?: Record<string, string>;
  tools?: Partial<Tools>;
  signal?: AbortSignal;
  /** Which streams are terminals. */
  tty?: 'stdout' | 'stderr' | 'both';
  /** The lines that a person types at a terminal, or the bytes that are piped in. @defaultValue an empty pipe */
  stdin?: readonly string[] | Uint8Array;
}

/** What it wrote. */
export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs the command. A tool that is not given fails when it is used. */
export async function runCommand(args: readonly string[], options: CommandOptions = {}): Promise<Ran> {
  const { env = {}, tools = {}, signal = new AbortController().signal, tty, stdin = new Uint8Array() } = options;
  const written = { stdout: '', stderr: '' };
  const stream = (name: 'stdout' | 'stderr') => ({
    isTTY: tty === name || tty === 'both',
    columns: 60,
    write: (text: string | Uint8Array, then?: () => void) => {
      written[name] += typeof text === 'string' ? text : Buffer.from(text).toString();
      then?.();
    },
  });
  const unexpected = (): never => {
    throw new Error('this tool was not expected to be used');
  };
  const all: Tools = {
    open: unexpected,
    sweep: unexpected,
    reconcile: unexpected,
    recover: unexpected,
    doctor: unexpected,
    drill: unexpected,
    clock: systemClock,
    serveBoard: unexpected,
    queue: unexpected,
    temporal: unexpected,
    version: () => '1.2.3',
    ...tools,
  };
  const code = await run(
    { args, env, signal, input: inputOf(stdin), tools: all },
    createTerminal(stream('stdout'), stream('stderr'), env),
  );
  return { code, ...written };
}

function inputOf(stdin: readonly string[] | Uint8Array): Input {
  const typed = stdin instanceof Uint8Array ? [] : [...stdin];
  return {
    isTerminal: !(stdin instanceof Uint8Array),
    line: async () => typed.shift(),
    async *bytes() {
      if (stdin instanceof Uint8Array) yield stdin;
    },
  };
}
