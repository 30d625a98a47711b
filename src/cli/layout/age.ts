/** Times for people. */

const UNITS: readonly (readonly [name: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
];

/** A length of time, in its two largest units: `3d 4h`, `5m 20s`, `12s`. */
export function lengthInWords(ms: number): string {
  const at = UNITS.findIndex(([, unit]) => ms >= unit);
  if (at < 0) return '0s';
  const [name, unit] = UNITS[at] as (typeof UNITS)[number];
  const whole = `${Math.floor(ms / unit)}${name}`;
  const next = UNITS[at + 1];
  const rest = next === undefined ? 0 : Math.floor((ms % unit) / next[1]);
  return next === undefined || rest === 0 ? whole : `${whole} ${rest}${next[0]}`;
}

/** How long ago it was. A clock that is behind makes no negative ages. */
export function ageOf(date: Date, now: number): string {
  return lengthInWords(Math.max(0, now - date.getTime()));
}

/** An instant, by the second, in UTC as every log has it. */
export function instantInWords(date: Date): string {
  return `${date.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
