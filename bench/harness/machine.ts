import { cpus } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../scripts/build.ts';
import { run } from '../../scripts/command.ts';
import { redisFolder } from '../../scripts/redis/binary.ts';

/** Where and when figures were taken. */
export interface Machine {
  /** `YYYY-MM-DD`, in UTC. */
  readonly date: string;
  /** The commit, with `+` behind it if files differ from it. */
  readonly commit: string;
  readonly node: string;
  readonly redis: string;
  readonly cpu: string;
}

/** This machine, now. */
export async function machine(): Promise<Machine> {
  const git = async (...args: string[]): Promise<string> => (await run('git', args, { cwd: ROOT })).stdout.trim();
  const changed = (await git('status', '--porcelain', '--untracked-files=no', 'src', 'adapters')) !== '';
  const { stdout: version } = await run(join(await redisFolder(), 'redis-server'), ['--version']);
  const all = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: `${await git('rev-parse', '--short', 'HEAD')}${changed ? '+' : ''}`,
    node: `Node ${process.versions.node}`,
    redis: `Redis ${/v=([\d.]+)/.exec(version)?.[1] ?? ''}`,
    cpu: `${all.length} x ${all[0]?.model.trim() ?? 'CPU'}`,
  };
}
