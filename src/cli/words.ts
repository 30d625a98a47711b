import { ConfigError, isMooringError } from '../model/errors/store.ts';
import { messageOf } from '../model/reason.ts';
import type { SweepReport } from '../observe/events.ts';
import type { Flags } from './flags.ts';
import { UsageError } from './usage-error.ts';

/** What the command says in words. One line for one thing; none holds a value or a credential. */

const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** A number of bytes for people. */
export function bytesInWords(bytes: number): string {
  const step = Math.min(UNITS.length - 1, bytes < 1_024 ? 0 : Math.floor(Math.log2(bytes) / 10));
  return step === 0 ? count(bytes, 'byte') : `${(bytes / 1_024 ** step).toFixed(1)} ${UNITS[step]}`;
}

/** A number of things. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** What a sweep removed, without the verb. */
export function sweptInWords({ entries, objects, bytes }: SweepReport): string {
  return `${count(entries, 'entry', 'entries')}, ${count(objects, 'object')} (${bytesInWords(bytes)})`;
}

const REMEDIES: Readonly<Record<string, string>> = {
  'mooring.store-unavailable': 'See that the store can be reached (mooring doctor), then run it again.',
  'mooring.version-conflict': 'Somebody changed it meanwhile, and nothing was written: look again (mooring show), then decide.',
  'mooring.outcome-unknown': 'It may have been done: run it again.',
  'mooring.unknown-location': 'Name the path in MOORING_FORMER_PATHS, or what it was recorded as in MOORING_ALIASES.',
};

/** What an error is, by its code. */
export function errorCode(error: unknown): string {
  if (isMooringError(error)) return error.code;
  if (error instanceof UsageError) return 'usage';
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' ? code : 'failed';
}

/** An error in one line, and what to do. An option that has a flag is called by that. */
export function errorInWords(error: unknown, flags: Flags): string {
  let text = messageOf(error);
  if (error instanceof ConfigError) {
    const flag = error.option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    if (flag in flags) text = `--${flag}${text.slice(error.option.length)}`;
  }
  const line = text.replace(/\s+/g, ' ').trim();
  const remedy = REMEDIES[errorCode(error)];
  return remedy === undefined ? line : `${line}${/[.?!\]]$/.test(line) ? '' : '.'} ${remedy}`;
}

/** The stacks of an error and of its causes, for people who look into it. */
export function tracesOf(error: unknown): string[] {
  const traces: string[] = [];
  for (let at = error; at instanceof Error && traces.length < 5; at = at.cause) traces.push(at.stack ?? String(at));
  return traces;
}
