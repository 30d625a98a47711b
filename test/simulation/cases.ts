import { cleanUp, type Disaster } from './cleanup.ts';
import { happen, type HistoryOptions } from './history.ts';

/** The cases of the simulation. A seed stands for one history of one case, so that it alone replays it. */

/** A history of the task of one job: a name, and what the world is like. */
export type JobCase = readonly [name: string, options: Omit<HistoryOptions, 'seed'>];

/** Histories of jobs. */
export const JOB_CASES: readonly JobCase[] = [
  ...(['keyed', 'findable', 'plain'] as const).map((system): JobCase => [
    `${system}, attempts begun twice`,
    { system, fence: 'ordered', repeats: true },
  ]),
  ...(['ordered', 'drawn'] as const).flatMap((fence): JobCase[] => [
    [`keyed, ${fence}`, { system: 'keyed', fence }],
    [`keyed with a short window, ${fence}`, { system: 'keyed', fence, idempotentFor: 4 * 60_000 }],
    [`findable, ${fence}`, { system: 'findable', fence }],
    [`plain, ${fence}`, { system: 'plain', fence }],
    [`plain, with a person who answers, ${fence}`, { system: 'plain', fence, operator: true }],
    [`keyed, state lost, ${fence}`, { system: 'keyed', fence, loses: true }],
    [`findable, state lost, ${fence}`, { system: 'findable', fence, loses: true }],
    [`plain, state lost, ${fence}`, { system: 'plain', fence, loses: true }],
    [`keyed, cleared by a person, ${fence}`, { system: 'keyed', fence, clears: true }],
    [`findable, cleared by a person, ${fence}`, { system: 'findable', fence, clears: true }],
    [`keyed, refusing what it knows, ${fence}`, { system: 'keyed', fence, known: 'refuses' }],
    [`keyed and findable, ${fence}`, { system: 'both', fence, known: 'refuses' }],
    [`findable for a while, ${fence}`, { system: 'findable', fence, findableFor: 4 * 60_000 }],
    [`keyed, given up, ${fence}`, { system: 'keyed', fence, givesUp: true }],
    [`findable, given up, ${fence}`, { system: 'findable', fence, givesUp: true }],
    [`keyed, and remembering refusals, ${fence}`, { system: 'keyed', fence, refusals: 'remembers' }],
  ]),
];

/** Histories of values and of their clean-up. */
export const DISASTERS: readonly Disaster[] = ['none', 'failover', 'flush', 'restore'];

/** How the history of a seed ended. */
export interface Simulated {
  seed: number;
  /** The name of its case. */
  name: string;
  /** How the job ended; `values` for a history of values. */
  outcome: string;
  violations: readonly string[];
  /** What happened, a line each. */
  trace: readonly string[];
}

const CASES = JOB_CASES.length + DISASTERS.length;

/** What the history of a seed is about. */
export function subjectOf(seed: number): 'jobs' | 'values' {
  return seed % CASES < JOB_CASES.length ? 'jobs' : 'values';
}

/** Lets the history of a seed happen: always the same one. */
export async function simulate(seed: number): Promise<Simulated> {
  const [name, options] = JOB_CASES[seed % CASES] ?? [];
  if (name !== undefined && options) {
    const { violations, log, outcome } = await happen({ ...options, seed }).catch(broken);
    return { seed, name, outcome, violations, trace: log };
  }
  const disaster = DISASTERS[(seed % CASES) - JOB_CASES.length] ?? 'none';
  const { violations, log } = await cleanUp(seed, disaster).catch(broken);
  return { seed, name: `values, disaster: ${disaster}`, outcome: 'values', violations, trace: log };
}

/** A history that cannot go on has gone wrong, too. */
function broken(error: unknown): { violations: string[]; log: string[]; outcome: string } {
  return { violations: [`it broke off: ${String(error)}`], log: [], outcome: 'broken' };
}
