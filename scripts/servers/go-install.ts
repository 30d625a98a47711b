/** `go install` of one program into a folder. It ends with this process, however that dies, and then leaves no half-filled folder. */
import { spawn } from 'node:child_process';
import { chmod, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

// The pipe ends when this process does. Then the group goes: `go` and the compilers that it started.
const KEEPER = `
exec 3<&0
"$@" </dev/null 3<&- &
built=$!
{ cat <&3 >/dev/null; trap '' TERM; kill -TERM 0; rm -rf "$REMOVE"; } >/dev/null 2>&1 &
exec 3<&-
wait "$built"
`;

const MISSING = 127;

/**
 * Builds `program` (`path@version`) as `folder/binary`.
 *
 * @throws Error with the reason, short.
 */
export async function goInstall(program: string, binary: string, folder: string, background: boolean): Promise<void> {
  const bin = join(folder, 'bin');
  await mkdir(bin);
  const command = ['go', 'install', '-trimpath', '-ldflags', '-s -w', program];
  const { code, said } = await runKept(background ? ['nice', '-n', '19', ...command] : command, folder, {
    ...process.env,
    CGO_ENABLED: '0',
    GOFLAGS: '-trimpath',
    GOBIN: bin,
  });
  if (code === MISSING) throw new Error('there is no Go on this machine');
  const [built] = await readdir(bin);
  if (code !== 0 || built === undefined) throw new Error(`go install said: ${lastLine(said)}`);
  await rename(join(bin, built), join(folder, binary));
  await chmod(join(folder, binary), 0o755);
  await rm(bin, { recursive: true });
}

function runKept(
  command: readonly string[],
  folder: string,
  env: NodeJS.ProcessEnv,
): Promise<{ code: number | null; said: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', KEEPER, 'keeper', ...command], {
      cwd: folder,
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe'],
      env: { ...env, REMOVE: folder },
    });
    let said = '';
    child.stdin.on('error', () => {});
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.once('error', reject);
    child.once('exit', (code) => {
      child.stderr.destroy();
      resolve({ code, said });
    });
  });
}

function lastLine(said: string): string {
  return said.trim().split('\n').at(-1) ?? 'nothing';
}
