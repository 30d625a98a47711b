import type { JsonValue } from '../model/storable.ts';
import type { BoardProgress } from './wire.ts';

/** How far a job is, from whatever its external system says. */

const LONGEST = 60;
const DONE = ['done', 'completed', 'processed', 'current', 'finished'];
const PERCENT = ['percent', 'percentage', 'progress'];

/**
 * A number is per cent, or a share if it is a fraction below 1. An object has `percent`, or `done` of `total`, by these or by
 * similar names. Anything else is a short text.
 */
export function progressShown(progress: JsonValue | undefined): BoardProgress | undefined {
  if (progress === undefined || progress === null) return undefined;
  const read = typeof progress === 'number' ? ofNumber(progress) : fromObject(progress);
  return read ?? { text: short(typeof progress === 'string' ? progress : JSON.stringify(progress)) };
}

function fromObject(progress: JsonValue): BoardProgress | undefined {
  if (typeof progress !== 'object' || progress === null || Array.isArray(progress)) return undefined;
  const fields = progress as Readonly<Record<string, unknown>>;
  const found = (names: readonly string[]): number | undefined =>
    names.map((name) => fields[name]).find((value): value is number => typeof value === 'number');
  const percent = found(PERCENT);
  if (percent !== undefined) return ofNumber(percent);
  const [done, total] = [found(DONE), found(['total'])];
  if (done === undefined || total === undefined || total <= 0 || done < 0) return undefined;
  return { share: Math.min(1, done / total), text: `${done} of ${total}` };
}

function ofNumber(number: number): BoardProgress {
  const share = number > 0 && number < 1 ? number : number / 100;
  if (share < 0 || share > 1) return { text: String(number) };
  return { share, text: `${Math.round(share * 100)} %` };
}

function short(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text;
}
