/** Which guards the simulation misses by itself, when they are gone. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../command.ts';
import type { Cleanup } from '../interrupt.ts';
import { locate, without, type Guard } from '../../test/guards/guard.ts';
import { copyTree, type Proof } from './prove.ts';
import { readSources } from './sources.ts';

/** The rooms that the simulation runs. Others are on a server, or in an adapter. */
const ROOMS = ['src/job', 'src/format', 'src/metastore/memory', 'src/state-store', 'src/maintenance'];

/** Rooms in them that it does not run: requests over the network, and callbacks. */
const OTHER_ROOMS = ['src/job/submit-request', 'src/job/callback'];

function isIn(room: string, rooms: readonly string[]): boolean {
  return rooms.some((one) => room === one || room.startsWith(`${one}/`));
}

/** Whether the code of a guard runs in the simulation at all. */
export function isSimulated({ room }: Pick<Guard, 'room'>): boolean {
  return isIn(room, ROOMS) && !isIn(room, OTHER_ROOMS);
}

/** Yields a proof for each guard: without it, a history of the first `seeds` seeds breaks a promise. */
export async function* simulateGuards(guards: readonly Guard[], seeds: number, cleanup: Cleanup): AsyncGenerator<Proof> {
  const tree = await mkdtemp(join(tmpdir(), 'mooring-guards-'));
  cleanup.add(() => rm(tree, { recursive: true, force: true, maxRetries: 10 }));
  await copyTree(tree);
  const whole = await simulated(tree, seeds, []);
  if (whole !== undefined) throw new Error(`with all guards in place the simulation says: ${whole}`);
  for (const guard of guards) {
    cleanup.signal.throwIfAborted();
    const location = locate(guard, await readSources(tree));
    if (location.fault !== undefined) {
      yield { name: guard.rule, caught: false, why: location.fault };
      continue;
    }
    const path = join(tree, location.file);
    const source = await readFile(path, 'utf8');
    await writeFile(path, without(guard, source, location));
    try {
      const why = await simulated(tree, seeds, only(guard));
      yield { name: guard.rule, caught: why !== undefined, why: why ?? `no promise broken in ${seeds} histories` };
    } finally {
      await writeFile(path, source);
    }
  }
}

/** The histories that run the code of a guard. */
function only({ room }: Guard): readonly string[] {
  if (isIn(room, ['src/job'])) return ['--only', 'jobs'];
  return isIn(room, ['src/maintenance', 'src/metastore/memory/sweep.ts']) ? ['--only', 'values'] : [];
}

/** The first broken promise, with its seed; `undefined` if there is none. */
async function simulated(tree: string, seeds: number, more: readonly string[]): Promise<string | undefined> {
  const script = ['--import', 'tsx', 'scripts/simulate.ts', '--seeds', String(seeds), '--json', ...more];
  const { code, stdout, stderr } = await run(process.execPath, script, { cwd: tree });
  if (stdout === '') return `it does not run (exit code ${code}): ${stderr.trim().split('\n')[0]}`;
  const { failures } = JSON.parse(stdout) as { failures: { seed: number; violations: string[] }[] };
  const [first] = failures.toSorted((one, other) => one.seed - other.seed);
  return first && `seed ${first.seed}: ${first.violations[0]}`;
}
