import { getActiveResourcesInfo, nextTick } from 'node:process';
import type { Timer } from '../../src/async/deadline.ts';
import type { Clock } from '../../src/async/clock.ts';

/**
 * A world in which nothing happens by itself. Every delay is drawn from a seed, every wait is an event, and events happen in the
 * order of their times. A seed is a history.
 */

/** Numbers of at least 0 and below 1, the same for the same seed. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The work of a process ends with it, and waits while it is stopped. */
export interface Process {
  readonly name: string;
  dead: boolean;
  /** Nothing of it happens before. */
  stoppedUntil: number;
  /** A person cleared the task while it lived, perhaps in part. */
  clearedUnder?: boolean;
  /** The scopes that it had begun to use, and that were cleared. */
  clearedPaths?: ReadonlySet<string>;
  /** When it last wrote that it would submit, by the path of the record. */
  readonly wroteAheadAt: Map<string, number>;
  /** Called before each of its events; may kill or stop it. */
  tick(): void;
}

interface Event {
  at: number;
  process: Process | undefined;
  happen: () => void;
}

/** A world. */
export interface World {
  readonly random: () => number;
  readonly log: string[];
  now(): number;
  chance(probability: number): boolean;
  between(from: number, to: number): number;
  note(line: string): void;
  /** Happens later. Returns what takes it back. */
  after(ms: number, happen: () => void, process?: Process): () => void;
  /** A delay, mostly short; never ends in a process that is dead by then. */
  delay(process?: Process, longest?: number): Promise<void>;
  clock(process?: Process): Clock;
  timer(process?: Process): Timer;
  /** Lets events happen until the condition holds, or nothing is left to happen. */
  until(condition: () => boolean): Promise<void>;
}

const START = 1_800_000_000_000;
const MOST_EVENTS = 20_000;

/** The world of a seed. */
export function createWorld(seed: number): World {
  const random = seeded(seed);
  let now = START;
  /** In the order in which they were made. */
  const events: Event[] = [];
  let happened = 0;
  const log: string[] = [];

  const after: World['after'] = (ms, happen, process) => {
    const event = { at: now + Math.max(0, ms), process, happen };
    events.push(event);
    return () => {
      const at = events.indexOf(event);
      if (at >= 0) events.splice(at, 1);
    };
  };
  const between = (from: number, to: number): number => from + random() * (to - from);

  const world: World = {
    random,
    log,
    now: () => Math.floor(now),
    chance: (probability) => random() < probability,
    between,
    note: (line) => void log.push(`${String(Math.floor(now - START)).padStart(8)} ${line}`),
    after,
    delay(process, longest = 30_000) {
      const ms = random() < 0.9 ? between(0, 40) : between(0, longest);
      return new Promise((resolve) => void after(ms, resolve, process));
    },
    clock: (process) => ({
      now: () => Math.floor(now),
      sleep: (ms, signal) =>
        new Promise<void>((resolve, reject) => {
          if (signal?.aborted) return reject(signal.reason as Error);
          const abort = (): void => {
            cancel();
            reject(signal?.reason as Error);
          };
          const cancel = after(
            ms,
            () => {
              signal?.removeEventListener('abort', abort);
              resolve();
            },
            process,
          );
          signal?.addEventListener('abort', abort, { once: true });
        }),
    }),
    timer: (process) => (ms, fire) => after(ms, fire, process),
    async until(condition) {
      await settled();
      while (!condition() && events.length > 0) {
        const next = takeFirst(events);
        now = Math.max(now, next.at);
        if ((happened += 1) > MOST_EVENTS) throw new Error(`more than ${MOST_EVENTS} events: it goes on for ever`);
        if (!happens(next)) continue;
        next.happen();
        await settled();
      }
    },
  };

  const happens = (event: Event): boolean => {
    const { process } = event;
    if (!process) return true;
    if (process.dead) return false;
    process.tick();
    if (process.dead) return false;
    if (process.stoppedUntil <= now) return true;
    events.push({ ...event, at: process.stoppedUntil });
    return false;
  };
  return world;
}

/** Takes out the event of the earliest time; of two, the one that was made first. */
function takeFirst(events: Event[]): Event {
  let first = 0;
  for (let at = 1; at < events.length; at += 1) if ((events[at] as Event).at < (events[first] as Event).at) first = at;
  return events.splice(first, 1)[0] as Event;
}

/**
 * What the last event set going has come to its next wait: the queue of promises is empty, and nothing waits for a turn of the event
 * loop, as a few things in the core do. A turn costs much more than the queue, so it is taken only for those.
 */
async function settled(): Promise<void> {
  await new Promise<void>((resolve) => nextTick(resolve));
  while (getActiveResourcesInfo().includes('Immediate')) await new Promise<void>((resolve) => void setImmediate(resolve));
}
