import { element } from './element.js';

/** Numbers and times for people. */

const STEPS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

/** A length of time in its two largest units: `3 h 20 m`. */
export function timeInWords(ms: number): string {
  let left = Math.max(0, Math.floor(ms / 1_000));
  const at = Math.max(
    0,
    STEPS.findIndex(([, seconds]) => left >= seconds),
  );
  if (left === 0) return '0 s';
  return STEPS.slice(at, at + 2)
    .flatMap(([unit, seconds]) => {
      const whole = Math.floor(left / seconds);
      left -= whole * seconds;
      return whole > 0 ? [`${whole} ${unit}`] : [];
    })
    .join(' ');
}

/** A moment, in the time zone of whoever looks. */
export function moment(at: number): string {
  return new Date(at).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'medium' });
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** A number of bytes. */
export function bytesInWords(bytes: number): string {
  const step = Math.min(UNITS.length - 1, bytes < 1_024 ? 0 : Math.floor(Math.log2(bytes) / 10));
  return `${step === 0 ? bytes : (bytes / 1_024 ** step).toFixed(1)} ${UNITS[step]}`;
}

const NUMBERS = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });

/** A number with its groups of digits. */
export function number(value: number): string {
  return NUMBERS.format(value);
}

/** An amount of money. A currency that the browser does not know stands after it. */
export function money(amount: number, currency: string): string {
  try {
    return new Intl.NumberFormat(undefined, { style: 'currency', currency }).format(amount);
  } catch {
    return `${amount.toFixed(2)} ${currency}`;
  }
}

/** `1 job`, `2 jobs`. */
export function count(many: number, one: string, plural = `${one}s`): string {
  return `${number(many)} ${many === 1 ? one : plural}`;
}

/** How far the clock of the metastore is before this one, in milliseconds. */
let ahead = 0;

/** Takes over the time of the metastore. */
export function setTime(now: number): void {
  ahead = now - Date.now();
}

/** The time of the metastore. */
export function now(): number {
  return Date.now() + ahead;
}

/** How long ago something was; it goes on by itself (`tick`). */
export function age(since: number): HTMLElement {
  const made = element('time', { datetime: new Date(since).toISOString(), title: moment(since), 'data-since': since });
  made.textContent = timeInWords(now() - since);
  return made;
}

/** Lets every age that is shown go on. */
export function tick(): void {
  for (const shown of document.querySelectorAll<HTMLElement>('time[data-since]')) {
    const text = timeInWords(now() - Number(shown.dataset['since']));
    if (shown.textContent !== text) shown.textContent = text;
  }
}
