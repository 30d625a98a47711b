import type { CallOptions } from '../../async/deadline.ts';
import type { Clock } from '../../async/clock.ts';
import type { RawOrphan } from '../../format/record.ts';
import { ENTRY_FORMAT, ENTRY_JSON, type EntryMeta, type Reference } from '../../format/entry.ts';
import { WRITE_ID_PLACE, type Fence } from '../../format/write-id.ts';
import { type Head, headText, instant, NEVER, readHead } from '../../format/head.ts';
import { FIELD, PREFIX } from '../../format/redis-keys.ts';
import { FENCE_KEPT, GRACE, KEPT_IN_STEPS_OF, SWEEP_TIME, TOMBSTONE_KEPT } from '../lifetimes.ts';
import { foreignFormat } from '../replies.ts';
import type { SavedOnDay } from '../jobs.ts';
import type { ScopeAddress } from '../scope-address.ts';
import type { RawEntry, Stale } from '../values.ts';
import { supersededText } from '../../format/superseded.ts';

/**
 * A scope of the memory metastore: the fields that Redis would hold, as the same text, and the steps that all scripts share. Each
 * step runs to its end without a wait, which makes it atomic. A change here needs the same one in `metastore/redis/lua/scope.ts`.
 */

/** The `store` of errors. */
export const NAME = 'memory';

/** The hash of one scope. */
export interface ScopeHash {
  /** All fields but bodies. */
  fields: Map<string, string>;
  /** Inline values, by `v:<name>`. */
  bodies: Map<string, Uint8Array>;
  /** When the whole hash is forgotten; `undefined`: never. */
  expiresAt: number | undefined;
}

/** All of one namespace. */
export interface MemoryData {
  scopes: Map<string, ScopeHash>;
  /** Paths by the time when something in them becomes due. */
  due: Map<string, number>;
  /** When the first writer came. */
  bornAt: number | undefined;
  /** Tells this metastore from others that were born at the same time. */
  name: string | undefined;
  /** The highest generation that it was raised to. */
  generation: number;
  /** What was not run twice, by the day. */
  savings: Map<string, SavedOnDay>;
}

/** An empty namespace. */
export function memoryData(): MemoryData {
  return { scopes: new Map(), due: new Map(), bornAt: undefined, name: undefined, generation: 0, savings: new Map() };
}

/** The hash of a scope, unless it was never there or is forgotten. */
export function peekScope(data: MemoryData, path: string, now: number): ScopeHash | undefined {
  const hash = data.scopes.get(path);
  if (hash && hash.fields.size > 0 && (hash.expiresAt ?? NEVER) > now) return hash;
  data.scopes.delete(path);
  return undefined;
}

/** Whether the scope's time after success is over: nothing in it counts any more but the fence and orphans. */
export function hasEnded(hash: ScopeHash, now: number): boolean {
  const ends = hash.fields.get(FIELD.ends);
  return ends !== undefined && Number(ends) <= now;
}

/**
 * The head of a text that has neither expired nor is a tombstone. A text of another format, or a damaged one, counts, so that its
 * reader can say so.
 */
export function liveHead(text: string | undefined, now: number): Head | undefined {
  if (text === undefined) return undefined;
  const head = readHead(text);
  if (isForeign(text)) return head;
  return head.letter === 't' || head.expiresAt <= now ? undefined : head;
}

/** Whether only a newer version reads it. */
export function isForeign(text: string): boolean {
  return text[0] !== ENTRY_FORMAT;
}

/**
 * Leaves alone what a newer version wrote.
 *
 * @throws {@link CorruptEntryError}
 */
export function refuseForeign(step: ScopeStep, name: string, text: string | undefined): void {
  if (text !== undefined && isForeign(text)) throw foreignFormat(step.address.path, name, NAME);
}

/** An entry that counts, with its inline value. */
export function liveEntry(hash: ScopeHash, name: string, now: number): RawEntry | undefined {
  const text = hash.fields.get(PREFIX.entry + name);
  if (text === undefined || !liveHead(text, now)) return undefined;
  const body = hash.bodies.get(PREFIX.body + name);
  return body ? { text, body: body.slice() } : { text };
}

/** A record that counts. */
export function liveRecord(hash: ScopeHash, name: string, now: number): string | undefined {
  const text = hash.fields.get(PREFIX.record + name);
  return liveHead(text, now) && text;
}

/** The names of fields that begin so, without the prefix. */
export function namesOf(hash: ScopeHash, prefix: string): string[] {
  return [...hash.fields.keys()].filter((field) => field.startsWith(prefix)).map((field) => field.slice(prefix.length));
}

/** A write to a scope, from its opening to its end. */
export interface ScopeStep {
  readonly now: number;
  readonly data: MemoryData;
  readonly address: ScopeAddress;
  readonly hash: ScopeHash;
  /** Whether the scope had a time after success, over or not. */
  readonly hadEnd: boolean;
  /** The longest that anything is kept. */
  until: number;
  /** The first end of what this write put there. */
  firstEnd: number;
  /** Names of the entries that the end of the scope's time took away. */
  readonly emptied: string[];
}

/** Opens a scope for a write. A scope whose time after success is over starts empty. */
export function openStep(data: MemoryData, address: ScopeAddress, now: number): ScopeStep {
  data.bornAt ??= now;
  const hash = peekScope(data, address.path, now) ?? { fields: new Map(), bodies: new Map(), expiresAt: undefined };
  const until = Number(hash.fields.get(FIELD.until) ?? 0);
  const hadEnd = hash.fields.has(FIELD.ends);
  const step: ScopeStep = { now, data, address, hash, hadEnd, until, firstEnd: NEVER, emptied: [] };
  if (hasEnded(hash, now)) startEmpty(step);
  return step;
}

/** One namespace, and the only way in: each operation runs to its end without a wait. */
export interface MemorySpace {
  readonly data: MemoryData;
  /** An operation at this time, in whole milliseconds. */
  atomically<T>(call: CallOptions, run: (now: number) => T): Promise<T>;
  /** An operation that may write to a scope. */
  step<T>(scope: ScopeAddress, call: CallOptions, run: (step: ScopeStep) => T): Promise<T>;
}

/** The way into a namespace. */
export function memorySpace(data: MemoryData, clock: Clock): MemorySpace {
  const atomically: MemorySpace['atomically'] = async ({ signal }, run) => {
    signal?.throwIfAborted();
    // Times are whole milliseconds in the texts, also if a test's clock is finer.
    return run(Math.floor(clock.now()));
  };
  return { data, atomically, step: (scope, call, run) => atomically(call, (now) => run(openStep(data, scope, now))) };
}

/** Ends a write that changed something: how long the hash is kept, and where its scope is recorded. */
export function closeStep(step: ScopeStep): void {
  if (step.hash.fields.has(FIELD.fence)) keep(step, step.now + FENCE_KEPT);
  closeUnfenced(step);
}

/** Ends a step that is no write of an attempt or a person, and so keeps no fence for longer. */
export function closeUnfenced(step: ScopeStep): void {
  const { hash, data, address } = step;
  const before = Number(hash.fields.get(FIELD.until) ?? 0);
  if (step.until !== NEVER) step.until = Math.ceil(step.until / KEPT_IN_STEPS_OF) * KEPT_IN_STEPS_OF;
  if (step.until !== before) hash.fields.set(FIELD.until, instant(step.until));
  if (step.until === NEVER) {
    // In a hash that never expires, only the index finds what expires, including what was there before.
    const firstEnd = Math.min(step.firstEnd, before > 0 ? before : NEVER);
    if (firstEnd !== NEVER) becomesDue(step, firstEnd);
  }
  if (address.recorded !== undefined) hash.fields.set(FIELD.scope, address.recorded);
  data.scopes.set(address.path, hash);
  const ends = hash.fields.get(FIELD.ends);
  if (ends !== undefined) {
    if (hash.expiresAt !== undefined) {
      hash.expiresAt = Math.max(hash.expiresAt, Number(ends) + (data.due.has(address.path) ? SWEEP_TIME : 0));
    }
    // A scope that a refused write emptied has nothing of its own to keep it, and is kept as long as it was to be.
  } else if (step.until !== before || step.hadEnd) hash.expiresAt = step.until === NEVER ? undefined : step.until;
}

/** Keeps the hash until then. */
export function keep(step: ScopeStep, until: number): void {
  step.until = Math.max(step.until, until);
}

/** An entry or a record is kept until then, and no longer. */
export function expires(step: ScopeStep, at: number): void {
  keep(step, at);
  step.firstEnd = Math.min(step.firstEnd, at);
}

/** The sweeper has something to do in the scope then. A sweep that is under way may have passed it already. */
export function becomesDue(step: ScopeStep, at: number): void {
  step.hash.fields.delete(FIELD.sweep);
  step.data.due.set(step.address.path, Math.min(at, step.data.due.get(step.address.path) ?? Number.POSITIVE_INFINITY));
}

/** The scope's fence. */
export function fenceOf(hash: ScopeHash): { fence: Fence; nonce: string } | undefined {
  const text = hash.fields.get(FIELD.fence);
  return text === undefined
    ? undefined
    : { fence: text.slice(...WRITE_ID_PLACE.fence), nonce: text.slice(...WRITE_ID_PLACE.nonce) };
}

/** A refusal by the fence, with its holder. */
export function stale({ hash }: ScopeStep): Stale {
  const holder = hash.fields.get(FIELD.holder);
  return { kind: 'stale', ...(holder !== undefined && { holder }) };
}

/** Makes a fence the scope's own. */
export function installFence(step: ScopeStep, fence: Fence, nonce: string): void {
  step.hash.fields.set(FIELD.fence, `${fence} ${nonce}`);
}

/** Puts the object of an entry that ends on the list of superseded objects, unless the new entry refers to it. */
export function supersede(step: ScopeStep, text: string | undefined, next?: Reference): void {
  const ref = text === undefined ? undefined : referenceOf(text);
  if (!ref || ref.object === next?.object) return;
  step.hash.fields.set(PREFIX.superseded + ref.object, supersededText(step.now, ref));
  becomesDue(step, step.now + GRACE);
  keep(step, step.now + SWEEP_TIME);
}

/** The object that an entry refers to; nothing if the entry is no reference or is damaged. */
export function referenceOf(text: string): Reference | undefined {
  if (readHead(text).letter !== 'r') return undefined;
  try {
    return (JSON.parse(text.slice(ENTRY_JSON)) as EntryMeta).ref;
  } catch {
    return undefined;
  }
}

/** Replaces an entry by a tombstone. */
export function bury(step: ScopeStep, name: string, version: Head['version']): void {
  const until = step.now + TOMBSTONE_KEPT;
  step.hash.fields.set(PREFIX.entry + name, headText('1t', version, step.now, until));
  step.hash.bodies.delete(PREFIX.body + name);
  becomesDue(step, until);
  keep(step, until);
}

function startEmpty(step: ScopeStep): void {
  const { fields, bodies } = step.hash;
  step.until = 0;
  if (namesOf(step.hash, PREFIX.orphan).length > 0) keep(step, step.now + FENCE_KEPT);
  for (const name of namesOf(step.hash, PREFIX.entry)) {
    const text = fields.get(PREFIX.entry + name) ?? '';
    supersede(step, text);
    if (readHead(text).letter !== 't') step.emptied.push(name);
    fields.delete(PREFIX.entry + name);
  }
  for (const prefix of [PREFIX.record, PREFIX.cancel, PREFIX.item]) {
    for (const name of namesOf(step.hash, prefix)) fields.delete(prefix + name);
  }
  bodies.clear();
  for (const field of [FIELD.lost, FIELD.until, FIELD.ends]) fields.delete(field);
}

/** Lists an external job that no record holds. */
export function putOrphan(step: ScopeStep, orphan: Pick<RawOrphan, 'name' | 'idDigest'>, json: string): void {
  const field = `${PREFIX.orphan}${orphan.name}:${orphan.idDigest}`;
  const { fields } = step.hash;
  if (!fields.has(field)) fields.set(field, `${instant(step.now)} ${json}`);
  keep(step, step.now + FENCE_KEPT);
}
