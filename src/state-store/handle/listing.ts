import type { CallOptions } from '../../async/deadline.ts';
import { parseEntry } from '../../format/entry.ts';
import { ConfigError, CorruptEntryError } from '../../model/errors/store.ts';
import { decodeSegment } from '../../format/path.ts';
import { publicEntry, type HandleDeps } from './deps.ts';
import type { Entry } from '../state-handle.ts';

/** The entries whose key begins with `prefix`, each once, ordered by key. Fetches no value. */
export async function listEntries(deps: HandleDeps, prefix: string | undefined, call: CallOptions): Promise<Entry[]> {
  if (prefix !== undefined && typeof prefix !== 'string') throw new ConfigError('prefix', 'must be a string', prefix);
  const { core, scope, address, access } = deps;
  await access.writer(call);
  const entries = new Map<string, Entry>();
  for await (const { name, text } of core.metastore.values.list(address, call)) {
    const decoded = decodeSegment(name);
    const entry = parseEntry(text, { scope, key: decoded ?? name });
    const key = decoded ?? entry.meta.key;
    if (key === undefined) throw new CorruptEntryError('the entry does not tell its key', { scope, key: name });
    if (key.startsWith(prefix ?? '')) entries.set(name, publicEntry(key, entry));
  }
  return [...entries.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}
