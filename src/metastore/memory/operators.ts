import type { RawOrphan } from '../../format/record.ts';
import { writeIdText, type WriteId } from '../../format/write-id.ts';
import { expiryOf, instant, readHead } from '../../format/head.ts';
import { FIELD, PREFIX } from '../../format/redis-keys.ts';
import { FENCE_KEPT, LATENESS, SWEEP_TIME, TOMBSTONE_KEPT } from '../lifetimes.ts';
import {
  becomesDue,
  bury,
  closeStep,
  expires,
  fenceOf,
  hasEnded,
  keep,
  liveRecord,
  namesOf,
  openStep,
  peekScope,
  putOrphan,
  refuseForeign,
  stale,
  supersede,
  type MemoryData,
  type ScopeStep,
} from './scope.ts';
import type { ClearReply, Inspected, OpenMetastore, ScopeAddress, Stale } from '../metastore.ts';
import { CLEARED_JSON, holdsId, NO_ID, readRecordHead, recordJson, recordText } from '../../format/record-head.ts';

/** What ends a scope, and what people do with one, in the memory metastore. Each function mirrors the script of the same name. */

/** Wipes a scope, and supersedes the attempt that runs in it. */
export function clearScope(data: MemoryData, scope: ScopeAddress, id: WriteId, now: number): ClearReply {
  const step = openStep(data, scope, now);
  const { fields } = step.hash;
  const version = writeIdText(id);
  if (fields.get(FIELD.cleared) === version) return { kind: 'ok' };
  const records = namesOf(step.hash, PREFIX.record);
  const entries = namesOf(step.hash, PREFIX.entry);
  for (const name of entries) refuseForeign(step, name, fields.get(PREFIX.entry + name));
  for (const name of records) {
    refuseForeign(step, name, fields.get(PREFIX.record + name));
    const text = liveRecord(step.hash, name, now);
    const letter = text?.[1];
    if (text !== undefined && (letter === 's' || letter === 'a')) return { kind: 'ambiguous', name, text };
  }
  step.until = 0;
  fields.set(FIELD.cleared, version);
  keep(step, now + TOMBSTONE_KEPT);
  for (const name of entries) clearEntry(step, name);
  for (const name of records) clearRecord(step, name, id);
  const held = fenceOf(step.hash);
  if (held) fields.set(FIELD.fence, `${held.fence} ${id.nonce}`);
  for (const job of namesOf(step.hash, PREFIX.cancel)) fields.delete(PREFIX.cancel + job);
  if ([PREFIX.orphan, PREFIX.item].some((prefix) => namesOf(step.hash, prefix).length > 0)) keep(step, now + FENCE_KEPT);
  if (namesOf(step.hash, PREFIX.superseded).length > 0) keep(step, now + SWEEP_TIME);
  fields.delete(FIELD.ends);
  closeStep(step);
  return { kind: 'ok' };
}

/** The tombstone keeps the write ID of what it buries: a late copy of that write meets it, and brings nothing back. */
function clearEntry(step: ScopeStep, name: string): void {
  const { fields } = step.hash;
  const text = fields.get(PREFIX.entry + name) ?? '';
  const head = readHead(text);
  if (head.letter === 't' && head.expiresAt > step.now) {
    keep(step, head.expiresAt);
    return;
  }
  supersede(step, text);
  bury(step, name, head.version);
}

/** Only the next submission number is left, so that no idempotency key is used twice. An active job becomes an orphan. */
function clearRecord(step: ScopeStep, name: string, id: WriteId): void {
  const { fields } = step.hash;
  const text = liveRecord(step.hash, name, step.now);
  if (text === undefined) {
    fields.delete(PREFIX.record + name);
    return;
  }
  const { letter, idDigest, submission } = readRecordHead(text);
  if (letter === 'e') putOrphan(step, { name, idDigest }, recordJson(text));
  const expiresAt = step.now + FENCE_KEPT;
  fields.set(
    PREFIX.record + name,
    recordText({
      letter: 'n',
      version: writeIdText(id),
      updatedAt: step.now,
      expiresAt,
      idDigest: NO_ID,
      submission: letter === 'n' ? submission : submission + 1,
      json: CLEARED_JSON,
    }),
  );
  expires(step, expiresAt);
}

/** Lists an orphan, unless the record holds that ID. */
export function listOrphan(
  data: MemoryData,
  scope: ScopeAddress,
  orphan: Parameters<OpenMetastore['listOrphan']>[1],
  now: number,
): 'listed' | 'held' {
  const step = openStep(data, scope, now);
  const text = liveRecord(step.hash, orphan.name, now);
  refuseForeign(step, orphan.name, text);
  const head = text === undefined ? undefined : readRecordHead(text);
  if (head && holdsId(head.letter) && head.idDigest === orphan.idDigest) return 'held';
  putOrphan(step, orphan, orphan.json);
  closeStep(step);
  return 'listed';
}

/** Takes an orphan off the list. */
export function forgetOrphan(
  data: MemoryData,
  scope: ScopeAddress,
  orphan: Pick<RawOrphan, 'name' | 'idDigest'>,
  now: number,
): void {
  peekScope(data, scope.path, now)?.fields.delete(`${PREFIX.orphan}${orphan.name}:${orphan.idDigest}`);
}

/** After success: the whole scope ends then, if this attempt still holds the fence. */
export function settleScope(
  data: MemoryData,
  scope: ScopeAddress,
  request: Parameters<OpenMetastore['settle']>[1],
  now: number,
): void {
  const step = openStep(data, scope, now);
  const { fields } = step.hash;
  if (fields.get(FIELD.fence) !== `${request.fence} ${request.nonce}`) return;
  const ends = now + request.within;
  fields.set(FIELD.ends, instant(ends));
  if (request.keepFence || data.due.has(scope.path)) becomesDue(step, ends);
  const kept = [ends + (data.due.has(scope.path) ? SWEEP_TIME : 0), now + 2 * LATENESS];
  if (request.keepFence) kept.push(now + FENCE_KEPT);
  if (namesOf(step.hash, PREFIX.orphan).length > 0) kept.push(now + FENCE_KEPT);
  step.hash.expiresAt = Math.max(...kept);
  closeStep(step);
}

/** Notes that somebody asked for the cancellation of a job. */
export function requestCancel(
  data: MemoryData,
  scope: ScopeAddress,
  { job, reason }: Parameters<OpenMetastore['requestCancel']>[1],
  now: number,
): void {
  const step = openStep(data, scope, now);
  step.hash.fields.set(PREFIX.cancel + job, reason);
  keep(step, now + FENCE_KEPT);
  closeStep(step);
}

/** Notes items that have records. */
export function addItems(
  data: MemoryData,
  scope: ScopeAddress,
  { items, fence, nonce, retention }: Parameters<OpenMetastore['addItems']>[1],
  now: number,
): { kind: 'ok' } | Stale {
  const step = openStep(data, scope, now);
  const held = fenceOf(step.hash);
  if (held && (held.fence > fence || (held.fence === fence && held.nonce !== nonce))) return stale(step);
  for (const item of items) step.hash.fields.set(PREFIX.item + item, '');
  keep(step, expiryOf(now, retention));
  closeStep(step);
  return { kind: 'ok' };
}

/** What an operator sees. */
export function inspectScope(data: MemoryData, scope: ScopeAddress, now: number): Inspected {
  const hash = peekScope(data, scope.path, now);
  if (!hash) return { recorded: undefined, records: [], orphans: [], items: [] };
  const ended = hasEnded(hash, now);
  return {
    recorded: hash.fields.get(FIELD.scope),
    records: namesOf(hash, PREFIX.record).flatMap((name) => {
      const text = ended ? undefined : liveRecord(hash, name, now);
      return text === undefined ? [] : [{ name, text }];
    }),
    orphans: namesOf(hash, PREFIX.orphan).map((field) => {
      const [name, idDigest] = field.split(':') as [string, string];
      return { name, idDigest, text: hash.fields.get(PREFIX.orphan + field) ?? '' };
    }),
    items: ended ? [] : namesOf(hash, PREFIX.item),
  };
}
