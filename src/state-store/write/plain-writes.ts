import { untilAborted } from '../../async/abort.ts';
import type { Version, Writer } from '../../format/write-id.ts';

/**
 * The plain writes of one writer that are on their way: writes that do not compare. One that is overtaken by a later write of the
 * same writer counts as overwritten by it. That is true of another plain write only: a write that compares rests on what it read,
 * which was not that value. So it lets those that were numbered before it go first, and then meets what they wrote.
 */

/** What is looked at of a key that is written. */
interface WrittenKey {
  readonly address: { readonly path: string; readonly name: string };
  readonly put: { readonly value: { readonly type: string } } | undefined;
  readonly expect: Version | 'absent' | undefined;
}

/** The plain writes of a key. */
interface OnTheirWay {
  count: number;
  ended: Promise<void> | undefined;
  end(): void;
}

const WRITERS = new WeakMap<Writer, Map<string, OnTheirWay>>();

/**
 * Notes a plain write, at once after it was numbered. A stream is none: its body may take hours, and nothing waits for it.
 *
 * @returns what is to be called when it has ended.
 */
export function noteWrite(writer: Writer, drafts: readonly WrittenKey[]): () => void {
  const keys = drafts.flatMap((draft) => (compares(draft) || draft.put?.value.type === 'stream' ? [] : keyOf(draft)));
  let noted = WRITERS.get(writer);
  if (!noted) WRITERS.set(writer, (noted = new Map<string, OnTheirWay>()));
  const writes = noted;
  for (const key of keys) {
    const found = writes.get(key);
    if (found) found.count += 1;
    else writes.set(key, { count: 1, ended: undefined, end: () => undefined });
  }
  return () => {
    for (const key of keys) {
      const found = writes.get(key);
      if (!found || (found.count -= 1) > 0) continue;
      writes.delete(key);
      found.end();
    }
  };
}

/** The end of the plain writes that a write would overtake; `undefined` if there is none. Each of them has a bounded wait. */
export function plainWritesBefore(
  writer: Writer,
  drafts: readonly WrittenKey[],
  signal: AbortSignal | undefined,
): Promise<unknown> | undefined {
  const noted = WRITERS.get(writer);
  if (!noted || noted.size === 0 || !drafts.some(compares)) return undefined;
  const found = drafts.filter(compares).flatMap((draft) => noted.get(keyOf(draft)) ?? []);
  return found.length === 0 ? undefined : untilAborted(Promise.all(found.map(endOf)), signal);
}

function compares({ expect }: WrittenKey): boolean {
  return expect !== undefined;
}

function keyOf({ address: { path, name } }: WrittenKey): string {
  return `${path}/${name}`;
}

function endOf(writes: OnTheirWay): Promise<void> {
  return (writes.ended ??= new Promise<void>((resolve) => {
    writes.end = resolve;
  }));
}
