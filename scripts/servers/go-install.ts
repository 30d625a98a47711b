/** One program of Go, built into a folder. */
import { chmod, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runKept } from '../kept.ts';

const MISSING = 127;

/** What is built. */
export interface GoProgram {
  readonly program: string;
  readonly version: string;
  /** What stands for the modules that its own `go.mod` replaces: a version of the same, or another module as `path@version`. */
  readonly replace: Readonly<Record<string, string>>;
}

/**
 * Builds a program as `folder/binary`, with the lowest priority where it is not to be in the way.
 *
 * @throws Error with the reason, short.
 */
export async function goInstall(wanted: GoProgram, binary: string, folder: string, background: boolean): Promise<void> {
  const bin = join(folder, 'bin');
  const scratch = join(folder, 'scratch');
  const module = join(folder, 'module');
  for (const part of [bin, scratch, module]) await mkdir(part);
  const go = async (...words: readonly string[]): Promise<void> => {
    const { code, stderr } = await runKept({
      command: [...(background ? ['nice', '-n', '19'] : []), 'go', ...words],
      env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-trimpath', GOBIN: bin, GOTMPDIR: scratch },
      folder,
      cwd: module,
      output: 'quiet',
    });
    if (code === MISSING) throw new Error('there is no Go on this machine');
    if (code !== 0) throw new Error(`go ${words[0]} said: ${stderr.trim().split('\n').at(-1)}`);
  };
  const { program, version, replace } = wanted;
  const replaced = Object.entries(replace);
  if (replaced.length === 0) {
    await go('install', '-ldflags', '-s -w', `${program}@${version}`);
  } else {
    // `go install` wants nothing replaced; a module of our own may replace what it likes.
    await go('mod', 'init', 'mooring.test/server');
    for (const [path, at] of replaced) await go('mod', 'edit', `-replace=${path}=${at.includes('@') ? at : `${path}@${at}`}`);
    await go('get', '-tool', `${program}@${version}`);
    await go('install', '-ldflags', '-s -w', program);
  }
  const [built] = await readdir(bin);
  if (built === undefined) throw new Error('go install built nothing');
  await rename(join(bin, built), join(folder, binary));
  await chmod(join(folder, binary), 0o755);
  for (const part of [bin, scratch, module]) await rm(part, { recursive: true });
}
