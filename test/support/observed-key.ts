import { setTimeout as pause } from 'node:timers/promises';
import type { StateHandle } from '../../src/state-store/state-handle.ts';
import { noise } from '../contract/state-store-parts.ts';

/**
 * One writer writes 1, 2, 3, … to one key, one after the other, while readers look. The reads of all are then compared with what
 * a single copy of the value would have shown. Nothing is torn, nothing is older than what was acknowledged before, and nothing
 * that was refused is seen.
 */

/** What the n-th write writes: every second one is large, and the text tells whether it is whole. */
export interface Numbered {
  readonly n: number;
  readonly text: string;
}

/** What happened. `deviations` is empty where the invariants held. */
export interface Observation {
  readonly acknowledged: number;
  /** Codes of the writes that failed, and how often. */
  readonly failedWrites: Readonly<Record<string, number>>;
  readonly reads: number;
  readonly failedReads: Readonly<Record<string, number>>;
  /** The longest that a call took, in milliseconds. */
  readonly longest: number;
  readonly deviations: readonly string[];
}

/** Who takes part. */
export interface Observed {
  readonly key: string;
  readonly writer: StateHandle;
  readonly readers: Readonly<Record<string, StateHandle>>;
  /**
   * Milliseconds from one call of each to its next. Without them those that nothing keeps waiting fill the machine while the others
   * wait for a deadline. @defaultValue 5
   */
  readonly pace?: number;
}

const PACE = 5;
const SMALL = 20;
const LARGE = 3_000;

/** Writes and reads until `during` has ended. */
export async function observe(
  { key, writer, readers, pace = PACE }: Observed,
  during: () => Promise<unknown>,
): Promise<Observation> {
  const failedWrites: Record<string, number> = {};
  const failedReads: Record<string, number> = {};
  const deviations: string[] = [];
  const refused = new Set<number>();
  const seen = new Set<number>();
  let [sent, acknowledged, reads, longest] = [0, 0, 0, 0];
  let over = false;

  const timed = async <T>(call: Promise<T>, failures: Record<string, number>): Promise<{ result: T } | { code: string }> => {
    const started = performance.now();
    try {
      return { result: await call };
    } catch (error) {
      const code = String((error as { code?: unknown }).code ?? error);
      failures[code] = (failures[code] ?? 0) + 1;
      return { code };
    } finally {
      longest = Math.max(longest, performance.now() - started);
    }
  };
  const write = async (): Promise<void> => {
    for (; !over; await pause(pace)) {
      const n = (sent += 1);
      const done = await timed(writer.set(key, numbered(n)), failedWrites);
      if ('result' in done) acknowledged = n;
      else if (done.code !== 'mooring.outcome-unknown') refused.add(n);
    }
  };
  const read = async (name: string, reader: StateHandle): Promise<void> => {
    for (let last = 0; !over; await pause(pace)) {
      const atLeast = Math.max(last, acknowledged);
      const done = await timed(reader.get(key) as Promise<Numbered | undefined>, failedReads);
      if (!('result' in done)) continue;
      reads += 1;
      const n = done.result?.n ?? 0;
      if (n > 0 && done.result?.text !== numbered(n).text) deviations.push(`${name} saw a part of ${n}`);
      if (n < atLeast) deviations.push(`${name} saw ${n} after ${atLeast}`);
      if (n > sent) deviations.push(`${name} saw ${n}, which nobody wrote`);
      seen.add(n);
      last = n;
    }
  };
  const parties = [write(), ...Object.entries(readers).map(([name, reader]) => read(name, reader))];
  try {
    await during();
  } finally {
    over = true;
    await Promise.all(parties);
  }
  for (const n of refused) if (seen.has(n)) deviations.push(`${n} was refused, and seen`);
  return { acknowledged, failedWrites, reads, failedReads, longest, deviations };
}

function numbered(n: number): Numbered {
  return { n, text: noise(n % 2 === 0 ? LARGE : SMALL, n) };
}
