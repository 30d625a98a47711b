import { writeIdText, type WriteId } from '../../format/write-id.ts';
import { expiryOf, readHead } from '../../format/head.ts';
import { FIELD, PREFIX } from '../../format/redis-keys.ts';
import { FENCE_KEPT, SWEEP_TIME, TOMBSTONE_KEPT } from '../lifetimes.ts';
import {
  bury,
  closeStep,
  expires,
  fenceOf,
  hasEnded,
  keep,
  liveRecord,
  namesOf,
  peekScope,
  putOrphan,
  refuseForeign,
  stale,
  supersede,
  type MemorySpace,
  type ScopeHash,
  type ScopeStep,
} from './scope.ts';
import type { ClearReply, Inspected, MetastoreOrphans, MetastoreScopes, MetastoreTasks } from '../operators.ts';
import type { Stale } from '../values.ts';
import { CLEARED_JSON, holdsId, NO_ID, readRecordHead, recordJson, recordText } from '../../format/record-head.ts';

/** What people and tools ask of a scope as a whole, in the memory metastore. Each function mirrors the script of the same name. */

/** Orphans of a namespace. */
export function memoryOrphans({ data, atomically, step }: MemorySpace): MetastoreOrphans {
  return {
    add: (scope, orphan, call) => step(scope, call, (opened) => addOrphan(opened, orphan)),
    forget: (scope, { name, idDigest }, call) =>
      atomically(call, (now) => {
        peekScope(data, scope.path, now)?.fields.delete(`${PREFIX.orphan}${name}:${idDigest}`);
      }),
  };
}

/** Tasks of a namespace. */
export function memoryTasks({ step }: MemorySpace): MetastoreTasks {
  return {
    requestCancel: (scope, { job, reason }, call) =>
      step(scope, call, (opened) => {
        opened.hash.fields.set(PREFIX.cancel + job, reason);
        keep(opened, opened.now + FENCE_KEPT);
        closeStep(opened);
      }),
    addItems: (scope, request, call) => step(scope, call, (opened) => addItems(opened, request)),
  };
}

/** Scopes of a namespace. */
export function memoryScopes({ data, atomically, step }: MemorySpace): MetastoreScopes {
  return {
    async *paths(prefix, call) {
      const paths = await atomically(call, (now) => [...data.scopes.keys()].filter((path) => peekScope(data, path, now)));
      for (const path of paths) if (path.startsWith(prefix)) yield path;
    },
    inspect: (scope, call) => atomically(call, (now) => inspected(peekScope(data, scope.path, now), now)),
    clear: (scope, id, call) => step(scope, call, (opened) => clearScope(opened, id)),
  };
}

/** Wipes a scope, and supersedes the attempt that runs in it. */
function clearScope(step: ScopeStep, id: WriteId): ClearReply {
  const { now } = step;
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
function addOrphan(step: ScopeStep, orphan: Parameters<MetastoreOrphans['add']>[1]): 'listed' | 'held' {
  const text = liveRecord(step.hash, orphan.name, step.now);
  refuseForeign(step, orphan.name, text);
  const head = text === undefined ? undefined : readRecordHead(text);
  if (head && holdsId(head.letter) && head.idDigest === orphan.idDigest) return 'held';
  putOrphan(step, orphan, orphan.json);
  closeStep(step);
  return 'listed';
}

/** Notes items that have records. */
function addItems(
  step: ScopeStep,
  { items, fence, nonce, retention }: Parameters<MetastoreTasks['addItems']>[1],
): { kind: 'ok' } | Stale {
  const held = fenceOf(step.hash);
  if (held && (held.fence > fence || (held.fence === fence && held.nonce !== nonce))) return stale(step);
  for (const item of items) step.hash.fields.set(PREFIX.item + item, '');
  keep(step, expiryOf(step.now, retention));
  closeStep(step);
  return { kind: 'ok' };
}

/** What an operator sees. */
function inspected(hash: ScopeHash | undefined, now: number): Inspected {
  if (!hash) return { recorded: undefined, holder: undefined, records: [], orphans: [], items: [] };
  const ended = hasEnded(hash, now);
  return {
    recorded: hash.fields.get(FIELD.scope),
    holder: hash.fields.get(FIELD.holder),
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
