import { isSuspension, type ExternalJob, type TaskContext } from '../../src/index.ts';
import { scopePath } from '../../src/format/path.ts';
import type { Process, World } from './world.ts';

/** What a user's task may do with its external jobs. */

/** The task of every history. */
export const SCOPE = { flow: 'f', run: 'r', task: 't' };

/** How a task goes about its external jobs. */
export interface TaskStyle {
  /** For the task itself, and for items of it: `undefined` is the task's own. */
  items: readonly (string | undefined)[];
  awaits: 'together' | 'in-turn' | 'settled' | 'one-by-one';
  /** Whether it goes on after it was stopped, as if nothing had happened. */
  swallows: boolean;
}

const ITEMS: readonly TaskStyle['items'][] = [[undefined], ['a', 'b'], [undefined, 'a']];
const AWAITS: readonly TaskStyle['awaits'][] = ['together', 'in-turn', 'settled', 'one-by-one'];

/** A way to write a task; half of them have one external job. */
export function drawStyle(world: World): TaskStyle {
  const items = world.chance(0.5) ? [undefined] : (ITEMS[Math.floor(world.between(0, ITEMS.length))] ?? []);
  return { items, awaits: AWAITS[Math.floor(world.between(0, AWAITS.length))] ?? 'together', swallows: world.chance(0.15) };
}

/** The path of an item's record: what the external system is given as the input. */
export function pathOf(item: string | undefined): string {
  return scopePath(item === undefined ? SCOPE : { ...SCOPE, itemKey: item });
}

/** What happens to a task besides. */
export interface Mishaps {
  process: Process;
  faulty: () => boolean;
  /** Operations of state that are going on. */
  working: number;
}

/** The task: runs its external jobs, and returns their results. */
export async function runTask(
  world: World,
  context: TaskContext,
  job: ExternalJob<string, number, string>,
  { items, awaits, swallows }: TaskStyle,
  mishaps: Mishaps,
): Promise<string> {
  const { process, faulty } = mishaps;
  if (faulty() && world.chance(0.06)) throw new Error('the task failed before it used state');
  const start = (item: string | undefined): Promise<string> =>
    (item === undefined ? context : context.item(item)).run(job, pathOf(item));
  const all = async (): Promise<string[]> => {
    const results: string[] = [];
    if (awaits === 'one-by-one') for (const item of items) results.push(await start(item));
    const runs = awaits === 'one-by-one' ? [] : items.map(start);
    if (awaits === 'settled') await Promise.allSettled(runs);
    if (awaits === 'together') return Promise.all(runs);
    for (const run of runs) results.push(await run);
    return results;
  };
  // A value that takes a while to make, beside the jobs.
  if (world.chance(0.15)) {
    mishaps.working += 1;
    context.state
      .getOrSet('made', () => new Promise((resolve) => void world.after(world.between(0, 30_000), () => resolve(1), process)))
      .catch(() => undefined)
      .finally(() => (mishaps.working -= 1));
  }
  const fails = faulty() && world.chance(0.08);
  try {
    const failure = new Promise<never>((_resolve, reject) => {
      if (fails) world.after(world.between(0, 60_000), () => reject(new Error('the task failed')), process);
    });
    return (await Promise.race([all(), failure])).join(', ');
  } catch (error) {
    if (swallows && isSuspension(error)) return 'swallowed';
    throw error;
  }
}
