import { lengthOfTime, LENGTH_OF_TIME } from './duration.ts';
import { ConfigError } from './errors/config.ts';

/** How long an external system asked to be left alone, as a user passes it on. */

/**
 * A `Duration`, or the text of a `Retry-After` header as it came: seconds as digits (`'120'`), or a date of HTTP. `null` and
 * `undefined`, which clients give for an absent header, mean that nothing was asked. A bare number is milliseconds.
 *
 * A header counts as 1 second at least, also if it says 0 or a date that has passed, and as 1 day at most. A Duration counts as it is.
 */
export type RetryAfter = number | string | null | undefined;

/** A system that always says 0 must not be asked in a loop without a pause. */
const SHORTEST = 1_000;
/**
 * A header may be hostile, or wrong: milliseconds, or an instant, where seconds belong. Whoever is asked too early says so again. A
 * longer pause would also outlast the interval at which a record that is waited on is kept alive.
 */
const LONGEST = 86_400_000;
/** No date of HTTP is longer, nor is any sensible list of numbers. */
const MOST_CHARACTERS = 100;

const RULE = `${LENGTH_OF_TIME}, or the text of a Retry-After header`;

/**
 * The time that was asked for in milliseconds; `undefined` if none was.
 *
 * @param now - What a date is counted from, in milliseconds since the epoch.
 * @throws {@link ConfigError} if it is neither a length of time nor the text of a `Retry-After` header.
 */
export function askedWait(given: RetryAfter, option: string, now: number): number | undefined {
  if (given === undefined || given === null) return undefined;
  const wait = lengthOfTime(given) ?? (typeof given === 'string' ? headerWait(given.trim(), now) : undefined);
  if (wait === undefined) throw new ConfigError(option, RULE, given);
  return wait;
}

/**
 * Digits, as RFC 9110 has them (section 10.2.3). Servers also send fractions, and `fetch` joins the headers of a server and of its
 * proxy with a comma: `'2814, 2'`.
 */
const SECONDS = /^\d+(?:\.\d+)?(?:, *\d+(?:\.\d+)?)*$/;

function headerWait(text: string, now: number): number | undefined {
  if (text.length > MOST_CHARACTERS) return undefined;
  const ms = SECONDS.test(text) ? Math.max(...text.split(',').map(Number)) * 1_000 : httpDate(text, now) - now;
  return Number.isNaN(ms) ? undefined : Math.ceil(Math.min(LONGEST, Math.max(SHORTEST, ms)));
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MONTH = `(?<month>${MONTHS.join('|')})`;
const DAY_NAME = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const TIME = String.raw`(?<hour>[01]\d|2[0-3]):(?<minute>[0-5]\d):(?<second>[0-5]\d|60)`;

/** The three forms of RFC 9110, section 5.6.7: the present one, that of RFC 850, and that of asctime(). */
const DATES = [
  new RegExp(String.raw`^${DAY_NAME}, (?<day>\d\d) ${MONTH} (?<year>\d{4}) ${TIME} GMT$`),
  new RegExp(String.raw`^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (?<day>\d\d)-${MONTH}-(?<year>\d\d) ${TIME} GMT$`),
  new RegExp(String.raw`^${DAY_NAME} ${MONTH} (?<day>[ \d]\d) ${TIME} (?<year>\d{4})$`),
];

/** A date of HTTP in milliseconds; NaN for anything else. The name of the day is not compared. `Date.parse` would take `'soon 1'`. */
function httpDate(text: string, now: number): number {
  for (const form of DATES) {
    const groups = form.exec(text)?.groups;
    if (!groups) continue;
    const { year = '', month = '', day, hour, minute, second } = groups;
    const [whole, index] = [year.length === 2 ? fullYear(Number(year), now) : Number(year), MONTHS.indexOf(month)];
    const exists = new Date(Date.UTC(whole, index, Number(day))).getUTCDate() === Number(day);
    return exists ? Date.UTC(whole, index, Number(day), Number(hour), Number(minute), Number(second)) : Number.NaN;
  }
  return Number.NaN;
}

/** The latest year with these two last digits that is at most 50 years ahead, as RFC 9110 wants it. */
function fullYear(digits: number, now: number): number {
  const latest = new Date(now).getUTCFullYear() + 50;
  return latest - ((latest - digits) % 100);
}
