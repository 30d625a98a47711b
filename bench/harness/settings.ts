/** What a run is asked to measure. A bench has its own defaults for what is absent. */
export interface Settings {
  /** Rounds that count; one more warms up. */
  readonly rounds: number;
  /** How long an operation is repeated, or something is watched, in one round. */
  readonly seconds?: number;
  /** Bytes of a value. */
  readonly sizes?: readonly number[];
  /** Operations, or jobs, in flight. */
  readonly lanes?: readonly number[];
  /** Keys that the values are spread over. */
  readonly keys?: number;
  /** Jobs of a round, items of a job. */
  readonly jobs?: number;
  /** Scopes that exist. */
  readonly scopes?: readonly number[];
  /** Whether other libraries are measured, too. */
  readonly peers: boolean;
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1_024, m: 2 ** 20, g: 2 ** 30 };

/**
 * Whole numbers with commas between them. `k`, `m` and `g` multiply by 1,024.
 *
 * @throws Error that names the option.
 */
export function numbers(option: string, text: string): number[] {
  return text.split(',').map((one) => {
    const [, digits, unit] = /^(\d+(?:\.\d+)?)([kmg]?)$/i.exec(one.trim()) ?? [];
    const number = Number(digits) * (UNITS[unit?.toLowerCase() ?? ''] ?? Number.NaN);
    if (!(number > 0)) throw new Error(`--${option}: ${JSON.stringify(one)} is no number above 0, as 256 or 16k`);
    return number;
  });
}

/** A number of bytes as people read it. */
export function bytes(count: number): string {
  if (count >= 2 ** 30) return `${count / 2 ** 30} GiB`;
  if (count >= 2 ** 20) return `${count / 2 ** 20} MiB`;
  return count >= 1_024 ? `${count / 1_024} KiB` : `${count} B`;
}
