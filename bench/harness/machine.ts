import { cpus } from 'node:os';
import { ROOT } from '../../scripts/build.ts';
import { run } from '../../scripts/command.ts';

/** Where and when figures were taken. */
export interface Machine {
  /** `YYYY-MM-DD`, in UTC. */
  readonly date: string;
  /** The commit, with `+` behind it if files differ from it. */
  readonly commit: string;
  readonly node: string;
  readonly cpu: string;
}

/** This machine, now. */
export async function machine(): Promise<Machine> {
  const git = async (...args: string[]): Promise<string> => (await run('git', args, { cwd: ROOT })).stdout.trim();
  const changed = (await git('status', '--porcelain', '--untracked-files=no', 'src', 'adapters')) !== '';
  const all = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: `${await git('rev-parse', '--short', 'HEAD')}${changed ? '+' : ''}`,
    node: `Node ${process.versions.node}`,
    cpu: `${all.length} x ${all[0]?.model.trim() ?? 'CPU'}`,
  };
}
