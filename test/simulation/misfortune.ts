import type { CrashPoint, Gap } from '../../src/job/protocol/crash-point.ts';
import type { Outage } from './metastore.ts';
import type { Process, World } from './world.ts';

/** What happens to processes, and to the metastore, without anybody's wish. */

/** A process to which nothing happens. */
export function healthyProcess(name: string): Process {
  return { name, dead: false, stoppedUntil: 0, wroteAheadAt: new Map(), tick: () => undefined };
}

/** What may become of a process. */
export interface Fates {
  /** It was killed. */
  ended: () => void;
  /** It was stopped for so many milliseconds. */
  stopped: (ms: number) => void;
}

/**
 * At one of its next events, or in a gap of the crash table, the process dies or is stopped for a while; or not. Returns the hook
 * of the gaps: most events are polls, and rules matter between two steps.
 */
export function misfortune(world: World, process: Process, { ended, stopped }: Fates): CrashPoint | undefined {
  const fate = world.random();
  if (fate > 0.6) return undefined;
  const strike = (): void => {
    if (fate < 0.3) {
      world.note(`${process.name} is killed`);
      process.dead = true;
      ended();
    } else {
      const ms = world.between(0, 15 * 60_000);
      world.note(`${process.name} is stopped for ${Math.round(ms)} ms`);
      process.stoppedUntil = world.now() + ms;
      stopped(ms);
    }
  };
  if (world.chance(0.5)) {
    let events = Math.floor(world.between(1, 40));
    process.tick = () => {
      events -= 1;
      if (events === 0) strike();
    };
    return undefined;
  }
  const wanted = GAPS[Math.floor(world.between(0, GAPS.length))];
  let times = world.chance(0.7) ? 1 : 2;
  return async (gap) => {
    if (gap !== wanted || (times -= 1) !== 0) return;
    world.note(`${process.name} is in ${gap}`);
    strike();
    await new Promise<void>((resolve) => void world.after(0, resolve, process));
  };
}

const GAPS: readonly Gap[] = ['G1', 'G2', 'G3', 'G4', 'G5', 'G6', 'G7', 'G8', 'G9', 'G10', 'G11'];

/** The metastore is away for a while, from some time on or right after some command; or not. */
export function outageOf(world: World): Outage {
  let writes = 0;
  const outage: Outage = {
    until: 0,
    did(method) {
      if (method === 'records.write' && (writes -= 1) === 0) begins();
    },
  };
  const begins = (): void => {
    outage.until = world.now() + Math.round(world.between(1_000, 180_000));
    world.note(`the metastore is away for ${outage.until - world.now()} ms`);
  };
  const fate = world.random();
  if (fate < 0.15) world.after(world.between(0, 300_000), begins);
  else if (fate < 0.3) writes = Math.floor(world.between(1, 8));
  return outage;
}
