import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { until } from './until.ts';

/** A server process that hangs on a pipe of this one: when this process ends, however, it is killed and its folder removed. */

/** A process that is kept. */
export interface Kept {
  /** The process's own ID: for SIGSTOP and SIGKILL. */
  readonly pid: number;
  /** What it has said so far. */
  said(): string;
  hasEnded(): boolean;
  /** Kills it, removes its folder, and resolves when both are done. */
  end(): Promise<void>;
}

/** What is kept. */
export interface KeptProcess {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** The folder that goes with it. */
  readonly remove?: string | undefined;
  /** Whether it answers yet; asked until it does. */
  answers(): Promise<boolean>;
}

// A process that is stopped by a signal is killed, too. One that died by itself keeps its folder until the end.
const KEEPER = `
"$@" </dev/null & kept=$!
echo "$kept"
trap : TERM INT HUP
cat >/dev/null
kill -KILL "$kept" 2>/dev/null
wait "$kept" 2>/dev/null
[ -z "$REMOVE" ] || rm -rf "$REMOVE"
`;

/** Enough to see why it did not start. */
const REMEMBERED = 64 * 1024;

/**
 * Starts a process and resolves when it answers.
 *
 * @throws Error with what it said, if it ends or does not answer.
 */
export async function keep({ command, args, env = process.env, remove = '', answers }: KeptProcess): Promise<Kept> {
  const keeper = spawn('/bin/sh', ['-c', KEEPER, 'keeper', command, ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    env: { ...env, REMOVE: remove },
  });
  let said = '';
  let pid: number | undefined;
  const hear = (chunk: string): void => {
    said = (said + chunk).slice(-REMEMBERED);
  };
  keeper.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    hear(chunk);
    if (pid !== undefined) return;
    const [first, ...rest] = said.split('\n');
    if (rest.length === 0) return;
    pid = Number(first);
    said = rest.join('\n');
  });
  keeper.stderr.setEncoding('utf8').on('data', hear);
  keeper.stdin.on('error', () => undefined);
  const hasEnded = (): boolean => keeper.exitCode !== null || (pid !== undefined && !exists(pid));
  const end = async (): Promise<void> => {
    keeper.stdin.destroy();
    if (keeper.exitCode === null) await once(keeper, 'exit');
  };
  try {
    await until(() => pid !== undefined);
    await until(async () => {
      if (hasEnded()) throw new Error('it ended');
      return (await answers().catch(() => false)) && !hasEnded();
    });
    return { pid: pid as unknown as number, said: () => said, hasEnded, end };
  } catch (error) {
    await end();
    throw new Error(`${command} did not start: ${said.trim() || (error as Error).message}`, { cause: error });
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
