import { requireExternalJob } from '../src/job/define.ts';
import type { ExternalId, ExternalJob } from '../src/job/external-job.ts';
import { callable, checkOptions, duration, rule, shortText, type Checks } from '../src/model/checks.ts';
import type { Duration } from '../src/model/duration.ts';

/** What a user tells `mooring drill`: the external job, an input, and a way to count jobs. */

/** A run of the drill: what happens to a worker, and when. */
export interface DrillCell {
  /**
   * Tells this run from all others, also from those of earlier drills: at most 40 lower-case letters, digits and hyphens, the first
   * a letter. Fits a name of Kubernetes or a tag of a cloud.
   */
  readonly name: string;
  /** From 1, in the order of the plan. */
  readonly number: number;
  /** What happens: `'kill'`, `'deploy'`, `'cancel'`, `'release'` or `'stall'`; `'none'` for the run that nothing disturbs. */
  readonly end: string;
  /** In which gap of the crash table: `'G1'` to `'G12'`; `'-'` for the run that nothing disturbs. */
  readonly gap: string;
}

/** A run whose jobs are to be counted. */
export interface CountedCell<Input, Id = ExternalId> extends DrillCell {
  /** Its input. */
  readonly input: Input;
  /** The keys with which `submit` was called, each once. */
  readonly idempotencyKeys: readonly string[];
  /** What `submit` returned, or `find` found, each ID once. An ID is missing here if its worker was killed before that. */
  readonly externalIds: readonly Id[];
  /** Aborts when the count takes too long, or when the drill is interrupted. */
  readonly signal: AbortSignal;
}

/** The default export of a module that `mooring drill` runs. */
export interface DrillDefinition<Input, Id extends ExternalId, Result> {
  /** The very definition that goes to production. */
  job: ExternalJob<Input, Id, Result>;
  /**
   * The input of a run: JSON, or a function that makes it. Put the name of the run into it, if `count` goes by that.
   */
  input: Input | ((cell: DrillCell) => Input | Promise<Input>);
  /** How many jobs the external system has of a run, in any state. */
  count(cell: CountedCell<Input, Id>): Promise<number>;
  /**
   * Removes what a run left in the external system. Called after the count, also if the drill is interrupted.
   * @defaultValue nothing is removed
   */
  cleanUp?(cell: CountedCell<Input, Id>): Promise<void>;
  /**
   * Whether a result is right.
   * @defaultValue it equals that of the run that nothing disturbed, as JSON
   */
  isResult?(result: Result, cell: CountedCell<Input, Id>): boolean;
  /**
   * How long after the end of a run a job of it may appear in `count`.
   * @defaultValue '1s'
   */
  settle?: Duration;
  /**
   * What is drilled, for the certificate, such as the external system and its version.
   * @defaultValue the `name` of the job, or the file of the module
   */
  about?: string;
}

/** A definition of any types, which `defineDrill()` has checked. */
export type AnyDrill = DrillDefinition<unknown, ExternalId, unknown>;

const LONGEST_ABOUT = 200;

const CHECKS: Checks<AnyDrill> = {
  job: requireExternalJob,
  input: rule('must be given', (input) => input !== undefined),
  count: callable,
  cleanUp: callable,
  isResult: callable,
  settle: duration,
  about: shortText(LONGEST_ABOUT),
};

/**
 * Infers the types of a drill from a literal, and checks it: `export default defineDrill({ job, input, count })`.
 *
 * @throws {@link ConfigError} for an invalid option, or one that is missing.
 */
export function defineDrill<Input, Id extends ExternalId, Result>(
  drill: DrillDefinition<Input, Id, Result>,
): DrillDefinition<Input, Id, Result> {
  requireDrill(drill);
  return drill;
}

/**
 * Checks what a module exports.
 *
 * @throws {@link ConfigError} for an invalid option, or one that is missing.
 */
export function requireDrill(drill: unknown): void {
  checkOptions<AnyDrill>('options', drill as AnyDrill, CHECKS, ['job', 'input', 'count']);
}
