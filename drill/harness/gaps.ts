import type { Gap } from '../../src/job/protocol/crash-point.ts';

/** The crash table: the twelve moments between two effects at which a worker can die, as docs/reliability.md numbers them. */

/** The gaps, in the order in which an attempt passes them. */
export const GAPS: Readonly<Record<Gap, string>> = {
  G1: 'before the fence',
  G2: 'fence taken, before the write-ahead',
  G3: 'write-ahead done, before the request',
  G4: 'request sent, not accepted',
  G5: 'accepted, reply lost',
  G6: 'reply received, before the ID is written',
  G7: 'ID written',
  G8: 'before the first poll',
  G9: 'while polling',
  G10: 'end seen, before the result is written',
  G11: "result written, before the runtime's completion",
  G12: 'completed, before the retention is shortened',
};

/** The gaps as lines of a help text. */
export const GAP_LIST: string = Object.entries(GAPS)
  .map(([gap, when]) => `    ${gap.padEnd(4)} ${when}`)
  .join('\n');

/** All gaps. */
export const GAP_NAMES: readonly Gap[] = Object.keys(GAPS) as Gap[];

/**
 * A gap by its name, in upper or lower case.
 *
 * @throws Error that lists the names.
 */
export function parseGap(text: string): Gap {
  const name = GAP_NAMES.find((gap) => gap === text.toUpperCase());
  if (name === undefined) throw new Error(`a gap is one of ${GAP_NAMES.join(', ')}, received ${JSON.stringify(text)}`);
  return name;
}
