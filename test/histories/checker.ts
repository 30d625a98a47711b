import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { run } from '../../scripts/command.ts';
import type { Operation } from './history.ts';

/** The checker: porcupine, with a register that has a fence as its model. It is written in Go. */

/** What it says of histories, by their numbers from 0. */
export interface Verdict {
  readonly checked: number;
  /** No order explains them. */
  readonly illegal: readonly number[];
  /** It took too long to find out. */
  readonly undecided: readonly number[];
}

/** A checker that is built; `close` removes it. */
export interface Checker {
  check(histories: readonly (readonly Operation[])[]): Promise<Verdict>;
  close(): Promise<void>;
}

const MISSING = 127;
const SOURCE = join(import.meta.dirname, 'checker');

/**
 * Builds the checker.
 *
 * @throws Error that says what is missing.
 */
export async function buildChecker(): Promise<Checker> {
  const folder = await mkdtemp(join(tmpdir(), 'mooring-histories-'));
  const close = (): Promise<void> => rm(folder, { recursive: true, force: true, maxRetries: 10 });
  const program = join(folder, 'checker');
  const { code, stderr } = await run('go', ['build', '-o', program, '.'], { cwd: SOURCE });
  if (code !== 0) {
    await close();
    const missing = 'the checker is written in Go, and there is no `go` in PATH: install Go 1.24 or later (https://go.dev/dl)';
    throw new Error(code === MISSING ? missing : `go build said: ${stderr.trim()}`);
  }
  return {
    async check(histories) {
      const child = spawn(program, [], { stdio: ['pipe', 'pipe', 'inherit'] });
      child.stdin.end(histories.map((one) => JSON.stringify(one)).join('\n'));
      const [said] = await Promise.all([text(child.stdout), once(child, 'close')]);
      return JSON.parse(said) as Verdict;
    },
    close,
  };
}
