import { inspect } from 'node:util';
import { isMooringError } from '../../model/errors/store.ts';
import { serialize } from '../../format/serializer.ts';
import type { JsonValue } from '../../model/storable.ts';

/** The ID of an external job is any value that JSON can hold, but not `null` or `undefined`. `0` and `''` are IDs. */

/**
 * An ID as it will be read back, or the reason why it is invalid. The reason shows the value: the job exists, and nothing else
 * may know its ID.
 */
export function readId(id: unknown): { id: JsonValue } | { problem: string } {
  if (id === undefined || id === null) return { problem: `is ${id}` };
  try {
    const { type, body } = serialize(id);
    if (type === 'json') return { id: JSON.parse(body) as JsonValue };
    return { problem: `is bytes: ${shown(id)}` };
  } catch (error) {
    const why = isMooringError(error) ? error.message : 'it cannot be read';
    return { problem: `is not JSON (${why}): ${shown(id)}` };
  }
}

const LONGEST = 200;

function shown(id: unknown): string {
  for (const show of [jsonOf, String, inspect]) {
    try {
      const text = show(id);
      if (text !== undefined && text !== '{}' && !text.startsWith('[object ')) return text.slice(0, LONGEST);
    } catch {
      // The next way may show it.
    }
  }
  return typeof id;
}

function jsonOf(id: unknown): string | undefined {
  return JSON.stringify(id);
}
