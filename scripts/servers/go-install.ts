/** `go install` of one program into a folder. */
import { chmod, mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runKept } from '../kept.ts';

const MISSING = 127;

/**
 * Builds `program` (`path@version`) as `folder/binary`, with the lowest priority where it is not to be in the way.
 *
 * @throws Error with the reason, short.
 */
export async function goInstall(program: string, binary: string, folder: string, background: boolean): Promise<void> {
  const bin = join(folder, 'bin');
  const scratch = join(folder, 'scratch');
  for (const part of [bin, scratch]) await mkdir(part);
  const { code, stderr } = await runKept({
    command: [...(background ? ['nice', '-n', '19'] : []), 'go', 'install', '-ldflags', '-s -w', program],
    env: { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-trimpath', GOBIN: bin, GOTMPDIR: scratch },
    folder,
    cwd: folder,
    output: 'quiet',
  });
  if (code === MISSING) throw new Error('there is no Go on this machine');
  const [built] = await readdir(bin);
  if (code !== 0 || built === undefined) throw new Error(`go install said: ${stderr.trim().split('\n').at(-1)}`);
  await rename(join(bin, built), join(folder, binary));
  await chmod(join(folder, binary), 0o755);
  for (const part of [bin, scratch]) await rm(part, { recursive: true });
}
