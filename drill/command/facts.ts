import { jobOptions } from '../../src/job/options.ts';
import type { AnyDrill } from '../definition.ts';
import type { SystemKind } from '../harness/table.ts';

/** What a definition says of its external system, as the certificate keeps it. Lengths of time are in milliseconds. */

/** The facts. Of the lengths that may have no end, one without an end is `'until-deleted'` or left out. */
export interface DrillFacts {
  /** By which rules of the crash table it is judged: a key that is recognised, a search, or neither. */
  readonly kind: SystemKind;
  readonly name?: string;
  readonly idempotentFor?: number | 'until-deleted';
  readonly find: boolean;
  readonly findLag?: number;
  readonly findableFor?: number | 'until-deleted';
  readonly remembersFor?: number;
  readonly cancel: boolean;
  readonly getResult: boolean;
  readonly rememberResult: boolean;
  readonly onMissing: 'fail' | 'resubmit';
  readonly missingGrace: number;
  readonly unknownFor: number;
  readonly giveUpAfter?: number;
  readonly submitTimeout: number;
  readonly callTimeout: number;
  readonly pollInterval: { readonly from: number; readonly to: number };
}

/** The facts of a definition. */
export function factsOfDrill({ job }: AnyDrill): DrillFacts {
  const { name, idempotentFor, findable, findLag, findableFor, remembersFor, giveUpAfter, ...others } = jobOptions(job);
  const { rememberResult, onMissing, missingGrace, unknownFor, submitTimeout, callTimeout, pollInterval } = others;
  return {
    kind: idempotentFor !== undefined ? 'keyed' : findable ? 'findable' : 'plain',
    ...(name !== undefined && { name }),
    ...(idempotentFor !== undefined && { idempotentFor: orUntilDeleted(idempotentFor) }),
    find: findable,
    ...(findable && { findLag, findableFor: orUntilDeleted(findableFor) }),
    ...(remembersFor !== Infinity && { remembersFor }),
    cancel: job.cancel !== undefined,
    getResult: job.getResult !== undefined,
    rememberResult,
    onMissing,
    missingGrace,
    unknownFor,
    ...(giveUpAfter !== Infinity && { giveUpAfter }),
    submitTimeout,
    callTimeout,
    pollInterval,
  };
}

/** JSON has no infinity. */
function orUntilDeleted(ms: number): number | 'until-deleted' {
  return ms === Infinity ? 'until-deleted' : ms;
}

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** A length of time, as options say it: `'90s'`, `'1d'`. */
function lengthInWords(ms: number): string {
  if (ms === 0) return '0s';
  const [unit, size] = UNITS.find(([, one]) => ms >= one && ms % one === 0) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}

/** The facts in a few lines for people. */
export function factsInWords(facts: DrillFacts): string[] {
  const { kind, idempotentFor, find, findLag = 0, submitTimeout, pollInterval, cancel, getResult } = facts;
  const remembered = idempotentFor === 'until-deleted' ? 'until the job is deleted' : `for ${lengthInWords(idempotentFor ?? 0)}`;
  const known = {
    keyed: `keyed: a repeated key is recognised ${remembered}${find ? '; then a search by key' : ''}`,
    findable: `findable: a search by key shows every job within ${lengthInWords(findLag)}`,
    plain: 'plain: a repeated submit is a second job, and nothing can be searched by key',
  };
  const polls = `polls every ${lengthInWords(pollInterval.from)} to ${lengthInWords(pollInterval.to)}`;
  const parts = `${cancel ? 'with' : 'without'} cancel, ${getResult ? 'with' : 'without'} getResult`;
  return [known[kind], `submitTimeout ${lengthInWords(submitTimeout)}, ${polls}, ${parts}`];
}
