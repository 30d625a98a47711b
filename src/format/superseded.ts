import { INSTANT_LENGTH, instant } from './head.ts';
import type { Reference } from './entry.ts';

/** A superseded object, as its field of the scope says: `<since when, 13 digits> {"store":…,"storedSize":…}`. */

/** A superseded object, as the list of its scope has it. */
export interface SupersededObject {
  /** Alias of its object store. */
  store: string;
  object: string;
  /** Bytes in the object; 0 if that is not known. */
  storedSize: number;
}

/** Says of an object that it was superseded now. */
export function supersededText(now: number, { store, storedSize }: Reference): string {
  return `${instant(now)} ${JSON.stringify({ store, storedSize })}`;
}

/** Since when; `undefined` if this version did not write the text. The object is then left alone. */
export function supersededSince(text: string): number | undefined {
  const since = /^\d{13}(?= )/.exec(text)?.[0];
  return since === undefined ? undefined : Number(since);
}

/** The object; nothing if the text cannot be read. */
export function supersededObject(object: string, text: string): SupersededObject | undefined {
  try {
    const { store, storedSize } = JSON.parse(text.slice(INSTANT_LENGTH + 1)) as Partial<SupersededObject>;
    if (typeof store !== 'string') return undefined;
    return { store, object, storedSize: Number.isSafeInteger(storedSize) ? (storedSize as number) : 0 };
  } catch {
    return undefined;
  }
}
