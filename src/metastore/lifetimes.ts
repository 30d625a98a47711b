/** How long the metastore keeps what nobody asked it to keep, in milliseconds. The scripts take the same numbers. */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A write that began longer ago, by the metastore's clock, is refused. */
export const LATENESS: number = HOUR;
/** A tombstone lives longer than the lateness limit, so that a late copy of an older write meets it. */
export const TOMBSTONE_KEPT: number = 2 * HOUR;
/** The fence outlives the longest pause of a worker; so do records, and orphans after the last write. */
export const FENCE_KEPT: number = 30 * DAY;
/** A superseded object becomes due after this long: readers, and a failed-over Redis, may still point to it. */
export const GRACE: number = DAY;
/** A sweep, which runs at least every 6 days, has this long to remove objects before their references are forgotten. */
export const SWEEP_TIME: number = 7 * DAY;
/** A job created this much before the namespace's birth still counts as created after it: clocks of machines differ. */
export const BIRTH_SLACK: number = 60_000;
/** The end of a hash is a multiple of this: then most writes need not move it. */
export const KEPT_IN_STEPS_OF: number = HOUR;
