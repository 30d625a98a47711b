import { writeIdText, type Fence, type Version } from '../../format/write-id.ts';
import { expiryOf, instant, readHead, withExpiry } from '../../format/head.ts';
import { FIELD, PREFIX, RESULT } from '../../format/redis-keys.ts';
import { BIRTH_SLACK, FENCE_KEPT, LATENESS, SWEEP_TIME } from '../lifetimes.ts';
import {
  becomesDue,
  closeStep,
  expires,
  fenceOf,
  installFence,
  keep,
  liveEntry,
  liveRecord,
  NAME,
  namesOf,
  putOrphan,
  refuseForeign,
  stale,
  type MemorySpace,
  type ScopeStep,
} from './scope.ts';
import { applyChange, isLaterOwn } from './values.ts';
import type {
  BeginRequest,
  Begun,
  MetastoreFences,
  MetastoreRecords,
  RecordAnswer,
  RecordReply,
  RecordWrite,
} from '../records.ts';
import { believe } from '../replies.ts';
import type { Stale } from '../values.ts';
import { replaceHistory } from '../../format/jobs/history.ts';
import { holdsId, readRecordHead, recordJson, recordText, type RecordHead } from '../../format/record-head.ts';

/** Fences and records of the memory metastore. Each function mirrors the script of the same name. */

/** Fences of a namespace. */
export function memoryFences({ step }: MemorySpace): MetastoreFences {
  return {
    draw: (scope, call) => step(scope, call, drawFence),
    begin: (scope, request, call) => step(scope, call, (opened) => takeFence(opened, request)),
    settle: (scope, request, call) => step(scope, call, (opened) => settle(opened, request)),
  };
}

/** Records of a namespace. */
export function memoryRecords({ step }: MemorySpace): MetastoreRecords {
  return {
    write: (scope, write, call) => step(scope, call, (opened) => believe(writeRecord(opened, write), write.resent, NAME)),
    refresh: (scope, record, call) => step(scope, call, (opened) => refresh(opened, record)),
    answer: (scope, answer, call) => step(scope, call, (opened) => answerRecord(opened, answer)),
  };
}

/** Draws max(last draw + 1, the server's microseconds). */
function drawFence(step: ScopeStep): Fence {
  const last = BigInt(step.hash.fields.get(FIELD.drawn) ?? 0);
  const time = BigInt(step.now) * 1_000n;
  const drawn = String(last >= time ? last + 1n : time).padStart(24, '0');
  step.hash.fields.set(FIELD.drawn, drawn);
  keep(step, step.now + FENCE_KEPT);
  closeStep(step);
  return drawn;
}

function fenceAt(ms: number): Fence {
  return `${ms}000`.padStart(24, '0');
}

/** Installs a fence, notes whether the state was lost, and reads. */
function takeFence(step: ScopeStep, request: BeginRequest): Begun | Stale {
  const { now, data } = step;
  const { fields } = step.hash;
  const held = fenceOf(step.hash);
  if (held && (held.fence > request.fence || (held.fence === request.fence && held.nonce !== request.nonce))) {
    return stale(step);
  }
  // The scope of a finished job ends with its fence: an attempt that slept since its proof would find it new.
  if (request.drawn && held?.fence !== request.fence && request.fence < fenceAt(now - LATENESS)) return stale(step);
  const bornAt = data.bornAt ?? now;
  if (!held && !request.first && bornAt > request.createdAt - BIRTH_SLACK) fields.set(FIELD.lost, String(now));
  if (held?.fence !== request.fence) fields.set(FIELD.holder, request.holder);
  installFence(step, request.fence, request.nonce);
  fields.delete(FIELD.ends);
  closeStep(step);
  const lost = fields.get(FIELD.lost);
  const cancelRequest = fields.get(PREFIX.cancel + request.job);
  return {
    kind: 'ok',
    now,
    held: held?.fence === request.fence,
    lostAt: lost === undefined ? undefined : Number(lost),
    ...(cancelRequest !== undefined && { cancelRequest }),
    records: request.records.map((name) => {
      const text = liveRecord(step.hash, name, now);
      return text === undefined ? undefined : { text, result: liveEntry(step.hash, RESULT + name, now) };
    }),
  };
}

/** After success: the whole scope ends then, if this attempt still holds the fence. */
function settle(step: ScopeStep, request: Parameters<MetastoreFences['settle']>[1]): void {
  const { now, data, address } = step;
  const { fields } = step.hash;
  if (fields.get(FIELD.fence) !== `${request.fence} ${request.nonce}`) return;
  const ends = now + request.within;
  fields.set(FIELD.ends, instant(ends));
  if (request.keepFence || data.due.has(address.path)) becomesDue(step, ends);
  const kept = [ends + (data.due.has(address.path) ? SWEEP_TIME : 0), now + 2 * LATENESS];
  if (request.keepFence) kept.push(now + FENCE_KEPT);
  if (namesOf(step.hash, PREFIX.orphan).length > 0) kept.push(now + FENCE_KEPT);
  step.hash.expiresAt = Math.max(...kept);
  closeStep(step);
}

/** One write of a record. The order of the checks is the order of `docs/design.md`, and each of them is needed. */
function writeRecord(step: ScopeStep, write: RecordWrite): RecordReply {
  const { now } = step;
  const { id, letter } = write;
  const version = writeIdText(id);
  const text = liveRecord(step.hash, write.name, now);
  refuseForeign(step, write.name, text);
  const current = text === undefined ? undefined : readRecordHead(text);
  const own = current?.fence === id.fence && current.nonce === id.nonce;

  if (current?.version === version)
    return { kind: 'ok', now, version, updatedAt: current.updatedAt, expiresAt: current.expiresAt };
  const held = fenceOf(step.hash);
  const gone = !held || held.fence < id.fence;
  // The one exception to the fence: the very `submitting` that this attempt wrote is still there, so the ID is not lost.
  const mine = current?.letter === 's' && own && !isLaterOwn(current, id);
  if (!(mine && (letter === 'e' || write.withdraw))) {
    if (write.withdraw) return stale(step);
    if (held && (held.fence > id.fence || (held.fence === id.fence && held.nonce !== id.nonce))) return stale(step);
    if (current && (current.fence > id.fence || (current.fence === id.fence && !own))) return stale(step);
    if (current && isLaterOwn(current, id)) return { kind: 'old' };
    if (holdsId(letter) ? isOtherJob(current, letter, write.idDigest) : current?.version !== write.basis)
      return { kind: 'changed' };
    if (letter === 's' && gone) return { kind: 'gone' };
  }
  if (write.result) refuseForeign(step, write.result.name, step.hash.fields.get(PREFIX.entry + write.result.name));

  if (write.replaces) putOrphan(step, { name: write.name, idDigest: write.replaces.idDigest }, write.replaces.json);
  const expiresAt = putRecord(step, write, version);
  if (gone) installFence(step, id.fence, id.nonce);
  if (write.result) applyChange(step, write.result, version);
  closeStep(step);
  return { kind: 'ok', now, version, updatedAt: now, expiresAt };
}

/** Whether the record holds another ID, or is finished and a `submitted` would open it again. */
function isOtherJob(current: RecordHead | undefined, letter: string, idDigest: string): boolean {
  if (!current || !holdsId(current.letter)) return false;
  return current.idDigest !== idDigest || (letter === 'e' && current.letter !== 'e');
}

/** Any write of an ID takes it off the list of orphans. */
function putRecord(step: ScopeStep, write: RecordAnswer | RecordWrite, version: Version): number {
  const { letter, idDigest, submission, json, name } = write;
  const expiresAt = expiryOf(step.now, write.retention);
  const text = recordText({ letter, version, updatedAt: step.now, expiresAt, idDigest, submission, json });
  step.hash.fields.set(PREFIX.record + name, text);
  if (holdsId(letter)) step.hash.fields.delete(`${PREFIX.orphan}${name}:${idDigest}`);
  expires(step, expiresAt);
  return expiresAt;
}

/** Keeps a record that an attempt waits on. */
function refresh(step: ScopeStep, record: Parameters<MetastoreRecords['refresh']>[1]): void {
  const text = liveRecord(step.hash, record.name, step.now);
  if (text === undefined) return;
  const head = readHead(text);
  if (head.version !== record.basis) return;
  const expiresAt = Math.max(head.expiresAt, expiryOf(step.now, record.retention));
  const kept = withExpiry(text, expiresAt);
  const json = recordJson(kept);
  const { history } = record;
  const told = history === undefined ? kept : kept.slice(0, -json.length) + replaceHistory(json, history);
  step.hash.fields.set(PREFIX.record + record.name, told);
  expires(step, expiresAt);
  closeStep(step);
}

/** A person's answer. */
function answerRecord(step: ScopeStep, answer: RecordAnswer): { kind: 'ok' } | { kind: 'conflict'; current: Version | 'absent' } {
  const version = writeIdText(answer.id);
  const text = liveRecord(step.hash, answer.name, step.now);
  refuseForeign(step, answer.name, text);
  const current = text === undefined ? 'absent' : readHead(text).version;
  if (current === version) return { kind: 'ok' };
  if (current !== answer.basis) return { kind: 'conflict', current };
  putRecord(step, answer, version);
  closeStep(step);
  return { kind: 'ok' };
}
