import type { Findings } from './finding.ts';

/** A minute: as much as the age of a job may be misjudged. */
const TOLERATED = 60_000;

/**
 * Compares two clocks.
 *
 * @param there - What the other clock said, in milliseconds.
 * @param here - Before and after it was asked.
 */
export function clockFinding(
  findings: Findings,
  check: string,
  whose: string,
  there: number,
  [before, after]: readonly [number, number],
): void {
  const off = there < before ? there - before : Math.max(0, there - after);
  const seconds = Math.round(Math.abs(off) / 1_000);
  if (Math.abs(off) <= TOLERATED) {
    findings.ok(check, seconds === 0 ? `the clock of ${whose} agrees` : `the clock of ${whose} differs by ${seconds} s`);
    return;
  }
  findings.warning(
    check,
    `the clock of ${whose} is ${seconds} s ${off < 0 ? 'behind' : 'ahead'}`,
    'Let the machines take their time from one source (NTP): ages of jobs and objects are judged by these clocks.',
  );
}
