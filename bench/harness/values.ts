/** Values of the kinds that jobs keep. */
import type { JsonValue } from '../../src/index.ts';

/** A value whose JSON has this many bytes, as a checkpoint looks: a few fields and a text. */
export function checkpoint(size: number): JsonValue {
  const fields = { cursor: 'page-17', done: 417, updated: 1_763_820_000_000, note: '' };
  const rest = size - JSON.stringify(fields).length;
  return rest < 0 ? 'x'.repeat(Math.max(0, size - 2)) : { ...fields, note: 'x'.repeat(rest) };
}

/** Records as an API returns them, of about this many bytes as JSON: names that repeat, IDs and times that do not. */
export function records(size: number): JsonValue[] {
  const all: JsonValue[] = [];
  let seed = 1;
  const draw = (): number => (seed = (seed * 48_271) % 2_147_483_647);
  for (let [id, length] = [0, 2]; length < size; id += 1) {
    const state = ['active', 'failed', 'done'][draw() % 3] ?? '';
    const record = { id, key: draw().toString(36), state, at: draw(), size: draw() % 999 };
    all.push(record);
    length += JSON.stringify(record).length + 1;
  }
  return all;
}

/** Bytes that no codec makes fewer. */
export function noise(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; at += 65_536) globalThis.crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}
