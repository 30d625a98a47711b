import type { Outage } from './metastore.ts';
import type { Process, World } from './world.ts';

/** What happens to processes, and to the metastore, without anybody's wish. */

/** A process to which nothing happens. */
export function healthyProcess(name: string): Process {
  return { name, dead: false, stoppedUntil: 0, wroteAheadAt: new Map(), tick: () => undefined };
}

/** At one of its next events the process dies, or is stopped for a while; or not. */
export function misfortune(world: World, process: Process, ended: () => void): void {
  const fate = world.random();
  if (fate > 0.6) return;
  let events = Math.floor(world.between(1, 40));
  process.tick = () => {
    events -= 1;
    if (events !== 0) return;
    if (fate < 0.35) {
      world.note(`${process.name} is killed`);
      process.dead = true;
      ended();
    } else {
      const ms = world.between(0, 15 * 60_000);
      world.note(`${process.name} is stopped for ${Math.round(ms)} ms`);
      process.stoppedUntil = world.now() + ms;
    }
  };
}

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
