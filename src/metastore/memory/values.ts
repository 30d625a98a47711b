import { ENTRY_FORMAT, kindOf } from '../../format/entry.ts';
import { writeIdText, type Version, type WriteId } from '../../format/write-id.ts';
import { expiryOf, type Head, headText, NEVER, readHead, sequenceText } from '../../format/head.ts';
import { PREFIX, RESULT } from '../../format/redis-keys.ts';
import { LATENESS, SWEEP_TIME } from '../lifetimes.ts';
import {
  becomesDue,
  bury,
  closeStep,
  expires,
  fenceOf,
  hasEnded,
  installFence,
  keep,
  liveEntry,
  liveHead,
  NAME,
  namesOf,
  peekScope,
  refuseForeign,
  stale,
  supersede,
  type MemorySpace,
  type ScopeStep,
} from './scope.ts';
import { believe } from '../replies.ts';
import type { MetastoreValues, InlineBody, ValueChange, ValueWrite, WriteReply } from '../values.ts';

/** Values of the memory metastore. Each function mirrors the script of the same name. */

/** Values of a namespace. */
export function memoryValues({ data, atomically, step }: MemorySpace): MetastoreValues {
  return {
    read: (scope, names, call) =>
      atomically(call, (now) => {
        const hash = peekScope(data, scope.path, now);
        return names.map((name) => (hash && !hasEnded(hash, now) ? liveEntry(hash, name, now) : undefined));
      }),
    write: (scope, write, call) => step(scope, call, (opened) => believe(commit(opened, write), write.resent, NAME)),
    async *list(scope, call) {
      yield* await atomically(call, (now) => {
        const hash = peekScope(data, scope.path, now);
        if (!hash || hasEnded(hash, now)) return [];
        return namesOf(hash, PREFIX.entry).flatMap((name) => {
          const text = hash.fields.get(PREFIX.entry + name);
          return text !== undefined && !name.startsWith(RESULT) && liveHead(text, now) ? [{ name, text }] : [];
        });
      });
    },
  };
}

/** One commit. The order of the checks is the order of `docs/design.md`, and each of them is needed. */
function commit(step: ScopeStep, write: ValueWrite): WriteReply {
  const { now } = step;
  const version = writeIdText(write.id);
  const texts = write.changes.map(({ name }) => step.hash.fields.get(PREFIX.entry + name));
  for (const [at, text] of texts.entries()) refuseForeign(step, write.changes[at]?.name ?? '', text);
  const heads = texts.flatMap((text) => (text === undefined ? [] : [readHead(text)]));

  const same = heads.find((head) => head.version === version);
  if (same) return { kind: 'ok', now: same.updatedAt };
  if (write.fenced && isStale(step, write.id, heads)) return stale(step);
  if (heads.some((head) => isLaterOwn(head, write.id))) return { kind: 'old' };
  if (now - write.began > LATENESS) return { kind: 'late' };
  for (const [at, { name, expect }] of write.changes.entries()) {
    if (expect === undefined) continue;
    const current = liveHead(texts[at], now)?.version ?? 'absent';
    if (current !== expect) return { kind: 'conflict', name, current };
  }

  for (const change of write.changes) applyChange(step, change, version);
  if (write.fenced) installFence(step, write.id.fence, write.id.nonce);
  closeStep(step);
  return { kind: 'ok', now };
}

function isStale(step: ScopeStep, id: WriteId, heads: readonly Head[]): boolean {
  const fence = fenceOf(step.hash);
  return [...(fence ? [fence] : []), ...heads].some(
    (other) => other.fence > id.fence || (other.fence === id.fence && other.nonce !== id.nonce),
  );
}

/** Whether a text is of a later write of the same run. */
export function isLaterOwn(head: Head, id: WriteId): boolean {
  return head.fence === id.fence && head.nonce === id.nonce && head.sequence > sequenceText(id);
}

/** The switch: the entry, its value, and what the old one referred to. */
export function applyChange(step: ScopeStep, change: Omit<ValueChange, 'expect'>, version: Version): void {
  const { hash, now } = step;
  const field = PREFIX.entry + change.name;
  const { put } = change;
  supersede(step, hash.fields.get(field), put?.meta.ref);
  if (!put) {
    bury(step, change.name, version);
    return;
  }
  const expiresAt = expiryOf(now, put.retention);
  hash.fields.set(field, `${headText(ENTRY_FORMAT + kindOf(put.meta), version, now, expiresAt)} ${JSON.stringify(put.meta)}`);
  if (put.body !== undefined) hash.bodies.set(PREFIX.body + change.name, bytesOf(put.body));
  else hash.bodies.delete(PREFIX.body + change.name);
  expires(step, expiresAt);
  if (!put.meta.ref) return;
  hash.fields.delete(PREFIX.superseded + put.meta.ref.object);
  becomesDue(step, expiresAt);
  if (expiresAt !== NEVER) keep(step, Math.min(expiresAt + SWEEP_TIME, NEVER - 1));
}

/** A copy, which the caller cannot change. */
function bytesOf(body: InlineBody): Uint8Array {
  return typeof body === 'string' ? new TextEncoder().encode(body) : body.slice();
}
