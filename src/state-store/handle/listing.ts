import type { CallOptions } from '../../async/deadline.ts';
import { parseEntry } from '../../format/entry.ts';
import { CorruptEntryError } from '../../model/errors/store.ts';
import { decodeSegment } from '../../format/path.ts';
import { publicEntry, type HandleParts } from './deps.ts';
import type { Entry } from '../state-handle.ts';

/** The entries whose key begins with `prefix`, in the order of the keys, each once. Fetches no value. */
export async function listEntries({ core, place, access }: HandleParts, prefix: string, call: CallOptions): Promise<Entry[]> {
  await access.writer(call);
  const found = new Map<string, string>();
  for await (const { name, text } of core.metastore.list(place.address, call)) found.set(name, text);
  return [...found]
    .map(([name, text]) => {
      const entry = parseEntry(text, { scope: place.scope, key: decodeSegment(name) ?? name });
      const key = decodeSegment(name) ?? entry.meta.key;
      if (key === undefined) throw new CorruptEntryError('the entry does not tell its key', { scope: place.scope, key: name });
      return publicEntry(key, entry.version, entry.meta, entry);
    })
    .filter(({ key }) => key.startsWith(prefix))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}
