import type { Figures } from './figures.ts';
import type { Rig } from './rig.ts';

/** The form of every bench: comparisons, each of sides that do the same work. */

/** What a side is compared as. */
export type Role =
  /** The client alone, with the same bytes: ratios are to the first of these. */
  | 'plain'
  /** This checkout. */
  | 'this'
  /** Another build of this project, from `--against`. */
  | 'against'
  /** Another library that people use for the same. */
  | 'peer';

/** One way to do the work. */
export interface Side {
  readonly label: string;
  readonly role: Role;
  /** Does the work for one round. */
  measure(): Promise<Figures>;
}

/** Ways to do the same work, measured in turns. */
export interface Comparison {
  /** What the work is, with its size, count and concurrency. */
  readonly name: string;
  readonly sides: readonly Side[];
  /** One round is enough where the figure is a count that does not vary. */
  readonly exact?: boolean;
}

/** A bench. Each comparison is measured as it is yielded, so the code around `yield` may prepare and tidy up. */
export interface Bench {
  /** One line for `--help`. */
  readonly about: string;
  /** Left out of `all`: it helps to choose a limit in the sources, and no page shows it. */
  readonly apart?: boolean;
  comparisons(rig: Rig): AsyncIterable<Comparison>;
}
