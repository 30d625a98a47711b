/** Commands that cannot outlive us: each runs in a group of processes that is ended when this process ends, however it dies. */
import { spawn } from 'node:child_process';

/** How a command ended. */
export interface KeptEnd {
  readonly code: number;
  /** What it said on standard error; empty where that is our own. */
  readonly stderr: string;
}

/** One command. */
export interface KeptCommand {
  readonly command: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Removed with the group when we die before the command ends. After that, it is the caller's. */
  readonly folder: string;
  readonly cwd?: string;
  /** On our own output, or in silence. */
  readonly output: 'shown' | 'quiet';
}

// The watcher's pipe ends when this process does. The command's group is the shell's own.
const KEEPER = `
exec 3<&0
{ cat <&3 >/dev/null; trap '' TERM; kill -TERM 0; sleep 1; rm -rf "$REMOVE"; kill -KILL 0; } >/dev/null 2>&1 &
watcher=$!
"$@" </dev/null 3<&-
code=$?
kill -KILL "$watcher"
exit "$code"
`;

/** Runs a command to its end. Never rejects: the caller judges the exit code, which is 127 where the command does not exist. */
export function runKept({ command, env, folder, cwd, output }: KeptCommand): Promise<KeptEnd> {
  return new Promise((resolve) => {
    const said = output === 'shown' ? 'inherit' : 'pipe';
    const keeper = spawn('/bin/sh', ['-c', KEEPER, 'keeper', ...command], {
      ...(cwd !== undefined && { cwd }),
      env: { ...env, REMOVE: folder },
      detached: true,
      stdio: ['pipe', output === 'shown' ? 'inherit' : 'ignore', said],
    });
    let stderr = '';
    keeper.stdin?.on('error', () => {});
    keeper.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    keeper.once('error', (error) => resolve({ code: 127, stderr: error.message }));
    keeper.once('exit', (code) => {
      keeper.stdin?.destroy();
      keeper.stderr?.destroy();
      resolve({ code: code ?? 1, stderr });
    });
  });
}
