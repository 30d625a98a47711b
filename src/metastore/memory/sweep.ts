import { HEAD_LENGTH, headText, instant, NEVER, readHead } from '../../format/head.ts';
import { FIELD, PREFIX } from '../../format/redis-keys.ts';
import { FENCE_KEPT, KEPT_IN_STEPS_OF, SWEEP_TIME, TOMBSTONE_KEPT } from '../lifetimes.ts';
import {
  becomesDue,
  closeUnfenced,
  hasEnded,
  isForeign,
  keep,
  openStep,
  peekScope,
  supersede,
  type MemoryData,
  type MemorySpace,
  type ScopeHash,
  type ScopeStep,
} from './scope.ts';
import { supersededObject, supersededSince, type SupersededObject } from '../../format/superseded.ts';
import type { ScopeAddress } from '../scope-address.ts';
import type { MetastoreSweep, SweepRequest, SweptPage } from '../sweep.ts';

/** Removes what has expired, in the memory metastore. Each function mirrors the script of the same name. */

/** Sweeps of a namespace. */
export function memorySweep({ data, atomically }: MemorySpace): MetastoreSweep {
  return {
    async *due(until, call) {
      yield* await atomically(call, () => duePaths(data, until));
    },
    page: (scope, request, call) => atomically(call, (now) => sweepPage(data, scope, request, now)),
    forget: ({ path }, objects, call) =>
      atomically(call, (now) => {
        const fields = peekScope(data, path, now)?.fields;
        for (const object of objects) fields?.delete(PREFIX.superseded + object);
      }),
    end: ({ path }, end, call) => atomically(call, (now) => sweepEnd(data, path, end, now)),
  };
}

/** Paths in which something is due by then, the longest due first. */
function duePaths(data: MemoryData, until: number): readonly string[] {
  return [...data.due]
    .filter(([, at]) => at <= until)
    .toSorted(([one, at], [other, then]) => at - then || (one < other ? -1 : 1))
    .map(([path]) => path);
}

/** One page. Fields are judged by this moment, whatever the index said. */
function sweepPage(data: MemoryData, { path }: ScopeAddress, request: SweepRequest, now: number): SweptPage {
  const hash = peekScope(data, path, now);
  if (!hash) {
    if (!request.dryRun) data.due.delete(path);
    return { cursor: '0', entries: [], objects: [], nextDue: undefined };
  }
  if (request.dryRun) return sweepPage(copyOf(data, path, hash), { path }, { ...request, dryRun: false }, now);
  const ended = hasEnded(hash, now);
  const step = openStep(data, { path }, now);
  const { fields } = hash;
  const mine = request.cursor === '0' || fields.get(FIELD.sweep) === request.nonce;
  const page = sweepFields(step, request);
  if (ended) keep(step, hash.expiresAt ?? NEVER);
  if (mine) fields.set(FIELD.sweep, request.nonce);
  closeUnfenced(step);
  return page;
}

function copyOf(data: MemoryData, path: string, hash: ScopeHash): MemoryData {
  const copy = { ...hash, fields: new Map(hash.fields), bodies: new Map(hash.bodies) };
  return { ...data, scopes: new Map([[path, copy]]), due: new Map(data.due) };
}

const SWEPT = /^[ers]:/;

/** The cursor is the last field that was looked at: fields are taken in the order of their names. */
function sweepFields(step: ScopeStep, request: SweepRequest): SweptPage {
  const { fields } = step.hash;
  const first = request.cursor === '0';
  const left = [...fields.keys()].filter((field) => SWEPT.test(field) && (first || field > request.cursor)).toSorted();
  const page = left.slice(0, request.count);
  const found: Found = { entries: first ? [...step.emptied] : [], objects: [], nextDue: undefined };
  const ends = fields.get(FIELD.ends);
  if (ends !== undefined) later(found, Number(ends));
  const endless = step.until === NEVER;
  for (const field of page) {
    if (field.startsWith(PREFIX.superseded)) sweepObject(step, field, request.grace, found);
    else sweepText(step, field, { grace: request.grace, endless }, found);
  }
  return { ...found, cursor: left.length > page.length ? (page.at(-1) as string) : '0' };
}

interface Found {
  entries: string[];
  objects: SupersededObject[];
  nextDue: number | undefined;
}

function later(found: Found, at: number): void {
  found.nextDue = Math.min(at, found.nextDue ?? at);
}

/** A superseded object stays on the list, and keeps the scope, until `forget()` is told that it is gone. */
function sweepObject(step: ScopeStep, field: string, grace: number, found: Found): void {
  const text = step.hash.fields.get(field) ?? '';
  const since = supersededSince(text);
  if (since === undefined) return;
  keep(step, Math.max(since + grace, step.now) + SWEEP_TIME);
  if (since + grace > step.now) {
    later(found, since + grace);
    return;
  }
  const name = field.slice(PREFIX.superseded.length);
  const object = isReferredTo(step.hash, name) ? undefined : supersededObject(name, text);
  if (object) found.objects.push(object);
}

/** Whether the entry of its key refers to an object. An entry that only a newer version reads may refer to one too. */
export function isReferredTo(hash: ScopeHash, object: string, name: string = object.split('/').at(-2) ?? ''): boolean {
  const text = hash.fields.get(PREFIX.entry + name);
  return text !== undefined && (isForeign(text) || text.includes(object));
}

/** An entry or a record: removed, if it has expired by now. */
function sweepText(step: ScopeStep, field: string, { grace, endless }: { grace: number; endless: boolean }, found: Found): void {
  const { fields, bodies } = step.hash;
  const text = fields.get(field) ?? '';
  if (isForeign(text) || text.length < HEAD_LENGTH) return;
  const { letter, version, updatedAt, expiresAt } = readHead(text);
  const isEntry = field.startsWith(PREFIX.entry);
  if (expiresAt > step.now) {
    // Anything else that expires goes with its hash, unless the hash never expires.
    if ((isEntry && letter !== 'i') || (endless && expiresAt < NEVER)) later(found, expiresAt);
    return;
  }
  fields.delete(field);
  if (!isEntry || letter === 't') return;
  const name = field.slice(PREFIX.entry.length);
  found.entries.push(name);
  bodies.delete(PREFIX.body + name);
  if (letter === 'r') {
    supersede(step, text);
    later(found, step.now + grace);
    keep(step, step.now + grace + SWEEP_TIME);
  }
  // A late copy of an older write must meet the write ID for as long as it may come.
  const buried = updatedAt + TOMBSTONE_KEPT;
  if (buried <= step.now) return;
  fields.set(field, headText('1t', version, updatedAt, buried));
  becomesDue(step, buried);
  keep(step, buried);
  later(found, buried);
}

/** After the last page. */
function sweepEnd(data: MemoryData, path: string, { nonce, nextDue }: Parameters<MetastoreSweep['end']>[1], now: number): void {
  const hash = peekScope(data, path, now);
  if (hash && hash.fields.get(FIELD.sweep) !== nonce) return;
  hash?.fields.delete(FIELD.sweep);
  if (hash && nextDue !== undefined) {
    data.due.set(path, nextDue);
    return;
  }
  data.due.delete(path);
  if (hash) endEmpty(hash, now);
}

/** A scope that was kept without end goes as a fence does once it holds nothing any more. */
function endEmpty(hash: ScopeHash, now: number): void {
  const { fields } = hash;
  if (Number(fields.get(FIELD.until)) !== NEVER) return;
  if ([...fields.keys()].some((field) => field[1] === ':')) return;
  hash.expiresAt = Math.ceil((now + FENCE_KEPT) / KEPT_IN_STEPS_OF) * KEPT_IN_STEPS_OF;
  fields.set(FIELD.until, instant(hash.expiresAt));
}
