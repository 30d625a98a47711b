import { ENTRY_KIND, kindOf } from '../../format/entry.ts';
import { writeIdText, type Version } from '../../format/write-id.ts';
import { believe } from '../replies.ts';
import type { MetastoreValues, RawEntry, Stale, ValueChange, WriteReply } from '../values.ts';
import type { Answer, Part } from './lua/answer.ts';
import type { Connection } from './connection.ts';
import { NAME } from './errors.ts';
import type { Change } from './lua/change.ts';
import { LIST } from './lua/values/list.ts';
import { READ } from './lua/values/read.ts';
import { WRITE } from './lua/values/write.ts';

/** Values in Redis: what goes into their scripts, and what comes out. */

const PAGE = 500;

/** The fields of one change. */
export function changeFields({ name, put, expect }: ValueChange): Change {
  const body = put?.body;
  return {
    name,
    kind: put ? kindOf(put.meta) : ENTRY_KIND.tombstone,
    json: put && JSON.stringify(put.meta),
    retention: put?.retention,
    expect,
    object: put?.meta.ref?.object,
    hasBody: body !== undefined,
    body: typeof body === 'object' ? bytes(body) : body,
  };
}

/** An entry from two parts of a reply. */
export function rawEntry(text: Part, body: Part): RawEntry | undefined {
  if (text === null || text === undefined) return undefined;
  return { text: String(text), ...(Buffer.isBuffer(body) && { body }) };
}

/** A refusal by the fence, with its holder. */
export function staleReply(holder: Part): Stale {
  return { kind: 'stale', ...(holder !== null && holder !== undefined && { holder: String(holder) }) };
}

function bytes(body: Uint8Array): Buffer {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

/** Values of this namespace. */
export function redisValues({ run }: Connection): MetastoreValues {
  return {
    async read(scope, names, call) {
      const { rest } = await run(READ, scope, {}, call, { buffers: true, each: names });
      return names.map((_name, at) => rawEntry(rest[2 * at], rest[2 * at + 1]));
    },
    async write(scope, { id, fenced, began, changes, resent }, call) {
      const each = changes.map(changeFields);
      const answer = await run(WRITE, scope, { id: writeIdText(id), fenced, began }, call, { resent, each });
      return believe(writeReply(answer), answer.resent, NAME);
    },
    // Page by page. A page may name again what an earlier one named.
    async *list(scope, call) {
      const seen = new Set<string>();
      let cursor = '0';
      do {
        const { rest } = await run(LIST, scope, { cursor, count: PAGE }, call);
        cursor = String(rest[0]);
        for (let at = 1; at < rest.length; at += 2) {
          const name = String(rest[at]);
          if (seen.has(name)) continue;
          seen.add(name);
          yield { name, text: String(rest[at + 1]) };
        }
      } while (cursor !== '0');
    },
  };
}

function writeReply({ kind, rest }: Answer): WriteReply {
  switch (kind) {
    case 'ok':
      return { kind, now: Number(rest[0]) };
    case 'conflict':
      return { kind, name: String(rest[0]), current: String(rest[1]) as Version | 'absent' };
    case 'stale':
      return staleReply(rest[0]);
    default:
      return { kind: kind as 'late' | 'old' };
  }
}
