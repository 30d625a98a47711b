import type { Place } from '../harness/cell.ts';
import { outcomeOf, type CellRun } from '../harness/table.ts';
import type { DrillFacts } from './facts.ts';
import { demanded, type Fault, type Flaw } from './judge.ts';

/** What a drill found, in a form that is good to keep. Lengths of time are in milliseconds. */

/** One run. */
export interface CertifiedRun {
  readonly end: string;
  readonly gap: string;
  /** From 1: the how-manieth run of its cell. */
  readonly turn: number;
  /** Jobs that the external system has. */
  readonly jobs: number;
  readonly outcome: string;
  /** What the crash table allows. */
  readonly allowed: { readonly jobs: readonly number[]; readonly outcomes: readonly string[] };
  /** What the attempts decided, in order. */
  readonly decisions: readonly string[];
  readonly took: number;
  /** What it showed that it should not. */
  readonly fault?: Fault;
  readonly text?: string;
}

/** What was run, and where. */
export interface Surroundings {
  readonly about: string;
  readonly module: string;
  readonly date: Date;
  readonly versions: Readonly<Record<'mooring' | 'bullmq' | 'redis' | 'node', string>>;
  readonly platform: string;
  readonly facts: DrillFacts;
  readonly undisturbed: { readonly jobs: number; readonly took: number; readonly submitTook: number };
}

/** All that was counted. */
export interface Totals {
  readonly runs: number;
  readonly jobs: number;
  /** Jobs too many. */
  readonly doubles: number;
  /** Runs that claimed a result, and had no job. */
  readonly lostJobs: number;
  /** Runs without a result, or with another one than the undisturbed run. */
  readonly lostResults: number;
  /** Runs that differed from the crash table in another way. */
  readonly others: number;
  /** Runs that could not be made. */
  readonly notMade: number;
}

/** The report of a drill: the object of `--json`. */
export interface Certificate extends Surroundings {
  /** The version of this form. */
  readonly form: 1;
  /** All runs could be made, and all is as the crash table says. */
  readonly passed: boolean;
  readonly took: number;
  readonly totals: Totals;
  readonly runs: readonly CertifiedRun[];
  readonly notes: readonly string[];
}

/** One run of the certificate. */
export function certifiedRun(place: Place & { turn: number }, run: CellRun, flaw: Flaw | undefined): CertifiedRun {
  const { end, gap, turn } = place;
  const { submissions, outcomes } = demanded(place, run.decisions);
  return {
    end,
    gap,
    turn,
    jobs: run.submissions,
    outcome: run.trouble === undefined ? outcomeOf(run) : 'not made',
    allowed: { jobs: submissions, outcomes },
    decisions: run.decisions,
    took: run.took,
    ...flaw,
  };
}

/** The certificate. */
export function certificateOf(
  surroundings: Surroundings,
  runs: readonly CertifiedRun[],
  { took, notes }: Pick<Certificate, 'took' | 'notes'>,
): Certificate {
  const totals = totalsOf(surroundings, runs);
  const passed = runs.every(({ fault }) => fault === undefined);
  return { form: 1, passed, ...surroundings, took, totals, runs, notes };
}

function totalsOf({ undisturbed }: Surroundings, runs: readonly CertifiedRun[]): Totals {
  const having = (fault: Fault): number => runs.filter((run) => run.fault === fault).length;
  const tooMany = ({ fault, jobs, allowed }: CertifiedRun): number =>
    fault === 'double' ? Math.max(1, jobs - Math.max(...allowed.jobs)) : 0;
  return {
    runs: runs.length + 1,
    jobs: runs.reduce((sum, { jobs }) => sum + jobs, undisturbed.jobs),
    doubles: runs.reduce((sum, run) => sum + tooMany(run), 0),
    lostJobs: having('lost-job'),
    lostResults: having('lost-result'),
    others: having('other'),
    notMade: having('trouble'),
  };
}
