import type { Entry } from '../../../index.ts';
import { bytesInWords } from '../../words.ts';
import { RefusedError } from '../refused.ts';
import type { NamedState } from './subject.ts';

/** What is known of a value without its bytes. */

/** @throws {@link RefusedError} if there is no such value. */
export async function entryAt({ handle, name }: NamedState, key: string, signal: AbortSignal): Promise<Entry> {
  for await (const entry of handle.entries({ prefix: key, signal })) if (entry.key === key) return entry;
  throw new RefusedError(`${name} has no value ${JSON.stringify(key)}`);
}

/** For `--json`. */
export function entryReport({ key, version, size, offloaded, updatedAt, expiresAt }: Entry): object {
  return { key, version, size, offloaded, updatedAt, expiresAt: expiresAt ?? null };
}

/** For people. */
export function entryInWords({ key, size, expiresAt }: Entry): string {
  return `${JSON.stringify(key)} (${bytesInWords(size)}, kept ${expiresAt ? `until ${expiresAt.toISOString()}` : 'for ever'})`;
}
