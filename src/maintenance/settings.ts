import { requireSignal, type CallOptions } from '../async/deadline.ts';
import { milliseconds, type Duration } from '../model/duration.ts';
import { ConfigError } from '../model/errors/store.ts';
import { GRACE, LATENESS } from '../metastore/lifetimes.ts';
import { checkOptions, rule, type Check, type Checks } from '../model/checks.ts';

/** The options that the tools of this room share, checked before any I/O. */

/** Objects that one call of a store deletes, and fields that one script looks at. */
export const BATCH = 500;
/** What S3 deletes in one request; a script that looks at more keeps the server busy for long. */
const LARGEST_BATCH = 1_000;

/**
 * Checks the options of a tool. A grace is checked by `graceMs()`.
 *
 * @throws {@link ConfigError}
 */
export function requireOptions<Options extends CallOptions>(options: Options, checks: Checks<Options>): void {
  checkOptions('options', options, checks);
  requireSignal(options.signal);
}

const BATCH_RULE = `must be a whole number from 1 to ${LARGEST_BATCH}`;
/** What `batch` may be. */
export const batchCheck: Check = rule(BATCH_RULE, (batch) => {
  return Number.isSafeInteger(batch) && Number(batch) >= 1 && Number(batch) <= LARGEST_BATCH;
});
/** What `maxShare` may be. */
export const shareCheck: Check = rule('must be a number from 0 to 1', (share) => {
  return typeof share === 'number' && share >= 0 && share <= 1;
});

/** The least grace of `sweep()`. The clock of the node that judges an object also told when it was superseded. */
export const LEAST_OF_SWEEP: LeastGrace = { ms: LATENESS, text: "'1h', the time that a write may take" };
/** The least grace of `reconcile()`. The time in an object's name may come from a node whose clock is behind that of another. */
export const LEAST_OF_RECONCILE: LeastGrace = {
  ms: 2 * LATENESS,
  text: "'2h', twice the time that a write may take, since clocks of nodes differ",
};

/** The shortest grace that is safe. A shorter one would delete what a slow write has put and not yet committed. */
export interface LeastGrace {
  /** Milliseconds. */
  ms: number;
  /** The least grace in the words of an error. */
  text: string;
}

/**
 * A grace in milliseconds; a day if none is given.
 *
 * @throws {@link ConfigError} below the least.
 */
export function graceMs(grace: Duration | undefined, least: LeastGrace): number {
  if (grace === undefined) return GRACE;
  const ms = milliseconds(grace, 'grace');
  if (ms < least.ms) throw new ConfigError('grace', `must be at least ${least.text}`, grace);
  return ms;
}
