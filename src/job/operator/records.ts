import { requireCall, type CallOptions } from '../../async/deadline.ts';
import { milliseconds } from '../../model/duration.ts';
import { ConfigError, isMooringError, VersionConflictError } from '../../model/errors/store.ts';
import { createWriter, drawNonce, UNFENCED } from '../../format/write-id.ts';
import { type Inspected, scopeAddress } from '../../metastore/metastore.ts';
import { decodeSegment, DEFAULT_EXTERNAL_ID_KEY, encodeSegment, pathScope, scopePath } from '../../format/path.ts';
import { holdsId, NO_ID } from '../../format/record-head.ts';
import { taskScope } from '../../model/check-scope.ts';
import { isTaskScope, type TaskScope } from '../../model/scope.ts';
import { internalsOf, type Internals } from '../../state-store/internals.ts';
import type { StateStore } from '../../state-store/state-store.ts';
import type { JsonValue } from '../../model/storable.ts';
import { readId } from '../protocol/external-id.ts';
import type { JobRecord, JobRecords, Orphan } from './record.ts';
import { deadlineOf, fieldsOf, idDigest, parseOrphan, parseRecord, withCurrent } from '../../format/record.ts';
import type { RecordFields, StoredRecord } from '../../format/record.ts';
import { recordRetention } from '../protocol/run.ts';

/** Records and orphans for operators. An answer is compared with the write that it is about, and changes nothing else. */

/**
 * The records of a store's external jobs, for operators.
 *
 * @throws {@link ConfigError} if `createStateStore()` did not make the store.
 */
export function jobRecords(store: StateStore): JobRecords {
  const core = internalsOf(store);
  const writer = createWriter(UNFENCED, drawNonce('tool', core.random));

  const answer = async (
    record: JobRecord,
    { states, rule, change }: Answer,
    call: CallOptions,
    externalId?: JsonValue,
  ): Promise<void> => {
    requireCall(call);
    if (!states.includes(record?.state)) throw new ConfigError('record', rule, record?.state);
    const located = locate(record.scope, record.externalIdKey);
    const { address, name, where } = located;
    const stored = await readStored(core, located, call);
    if (stored?.version !== record.version) throw new VersionConflictError(stored?.version ?? 'absent', where);
    if (record.state !== 'failed') await requireSettled(core, stored, call);
    const { fields, ...head } = change(stored, externalId);
    const json = JSON.stringify({ ...fields, key: stored.key });
    const write = { id: writer.next(), name, ...head, json, retention: recordRetention(core), basis: record.version };
    const reply = await core.track(() => core.metastore.records.answer(address, write, call));
    if (reply.kind === 'conflict') throw new VersionConflictError(reply.current, where);
    const { letter, submission } = head;
    const what = letter === 'e' ? 'adopted' : 'the next submission may open';
    core.logger?.info({ ...where, submission }, `a person answered: ${what}`);
  };

  return {
    list: (options = {}) => listRecords(core, options),
    async get(scope, externalIdKey = DEFAULT_EXTERNAL_ID_KEY, call = {}) {
      requireCall(call);
      const located = locate(scope, externalIdKey);
      const stored = await readStored(core, located, call);
      return stored && publicRecord(located.where.scope, externalIdKey, stored);
    },
    adopt: async (record, externalId, call = {}) => answer(record, ADOPTED, call, checkedId(externalId)),
    markNotSubmitted: async (record, call = {}) => answer(record, NOT_SUBMITTED, call),
    reopen: async (record, call = {}) => answer(record, REOPENED, call),
    orphans: (call = {}) => listOrphans(core, call),
    async forget(orphan, call = {}) {
      requireCall(call);
      if (typeof orphan !== 'object' || orphan === null)
        throw new ConfigError('orphan', 'must be one that orphans() gave', orphan);
      const { address, name } = locate(orphan.scope, orphan.externalIdKey);
      const listed = { name, idDigest: idDigest(orphan.externalId) };
      await core.track(() => core.metastore.orphans.forget(address, listed, call));
    },
  };
}

type Located = ReturnType<typeof locate>;

function locate(scope: TaskScope, externalIdKey: string) {
  const checked = taskScope(scope);
  const name = encodeSegment('externalIdKey', externalIdKey);
  return { address: scopeAddress(checked), name, where: { scope: checked, key: externalIdKey } };
}

/** An answer that a person can give for a record. */
interface Answer {
  states: readonly JobRecord['state'][];
  rule: string;
  /** Makes the record after the answer. */
  change(
    stored: StoredRecord,
    externalId: JsonValue | undefined,
  ): Pick<StoredRecord, 'letter' | 'submission'> & { idDigest: string; fields: Partial<RecordFields> };
}

const UNRESOLVED = { states: ['submitting', 'ambiguous'], rule: 'must be submitting or ambiguous to be answered' } as const;

const next: Answer['change'] = (stored) => {
  return { letter: 'n', submission: stored.submission + 1, idDigest: NO_ID, fields: { previous: withCurrent(stored) } };
};

const NOT_SUBMITTED: Answer = { ...UNRESOLVED, change: next };
const REOPENED: Answer = { states: ['failed'], rule: 'must be failed to be opened again', change: next };
const ADOPTED: Answer = {
  ...UNRESOLVED,
  change(stored, externalId = null) {
    const fields = { ...fieldsOf(stored), firstSentAt: stored.firstSentAt ?? stored.updatedAt, externalId };
    return { letter: 'e', submission: stored.submission, idDigest: idDigest(externalId), fields };
  },
};

/** A request may be on its way until the deadline, and `find` may miss its job a while longer. */
async function requireSettled(core: Internals, stored: StoredRecord, call: CallOptions): Promise<void> {
  const settled = deadlineOf(stored) + stored.findLag;
  const now = await core.track(() => core.metastore.now(call));
  if (now < settled) throw new ConfigError('record', 'cannot be answered before', new Date(settled).toISOString());
}

function checkedId(externalId: unknown): JsonValue {
  const read = readId(externalId);
  if ('id' in read) return read.id;
  throw new ConfigError('externalId', `must be the ID of a job: it ${read.problem}`);
}

async function readStored(
  core: Internals,
  { address, name, where }: Located,
  call: CallOptions,
): Promise<StoredRecord | undefined> {
  const { records } = await core.track(() => core.metastore.scopes.inspect(address, call));
  const raw = records.find((candidate) => candidate.name === name);
  return raw && parseRecord(raw.text, where);
}

const LIST = { signal: true, state: true, flow: true, olderThan: true } as const;
const STATES: Readonly<Record<JobRecord['state'], true>> = {
  submitting: true,
  ambiguous: true,
  submitted: true,
  succeeded: true,
  failed: true,
};

async function* listRecords(
  core: Internals,
  options: Parameters<JobRecords['list']>[0] & object,
): AsyncGenerator<JobRecord, void, undefined> {
  requireCall(options, LIST);
  const { state, flow, olderThan, ...call } = options;
  if (state !== undefined && !Object.hasOwn(STATES, state)) {
    throw new ConfigError('state', `must be one of ${Object.keys(STATES).join(', ')}`, state);
  }
  const age = olderThan === undefined ? undefined : milliseconds(olderThan, 'olderThan');
  const prefix = flow === undefined ? '' : `${scopePath({ flow, run: '-', task: '-' }).split('/')[0]}/`;
  const now = age === undefined ? 0 : await core.track(() => core.metastore.now(call));
  for await (const { scope, inspected } of inspectedScopes(core, prefix, call)) {
    for (const { name, text } of inspected.records) {
      const stored = readable(core, { scope, key: name }, () => parseRecord(text, { scope, key: name }));
      if (!stored) continue;
      const record = publicRecord(scope, stored.key ?? decodeSegment(name) ?? name, stored);
      const wanted = record && (state === undefined || record.state === state);
      if (wanted && (age === undefined || record.since.getTime() < now - age)) yield record;
    }
  }
}

/** A record that cannot be read is logged, and does not hide the others. */
function readable<T>(core: Internals, where: { scope: TaskScope; key: string }, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!isMooringError(error)) throw error;
    const path = scopePath(where.scope);
    core.logger?.warn({ ...where, path, code: error.code }, `left out of the list: ${error.message}`);
    return undefined;
  }
}

async function* listOrphans(core: Internals, call: CallOptions): AsyncGenerator<Orphan, void, undefined> {
  requireCall(call);
  for await (const { scope, inspected } of inspectedScopes(core, '', call)) {
    for (const raw of inspected.orphans) {
      const orphan = readable(core, { scope, key: raw.name }, () => parseOrphan(raw, { scope, key: raw.name }));
      if (!orphan) continue;
      const { externalId, since, key } = orphan;
      yield { scope, externalIdKey: key ?? decodeSegment(raw.name) ?? raw.name, externalId, since: new Date(since) };
    }
  }
}

async function* inspectedScopes(
  core: Internals,
  prefix: string,
  call: CallOptions,
): AsyncGenerator<{ scope: TaskScope; inspected: Inspected }, void, undefined> {
  const seen = new Set<string>();
  for await (const path of core.metastore.scopes.paths(prefix, call)) {
    if (seen.has(path) || path.startsWith('assets/')) continue;
    seen.add(path);
    const inspected = await core.track(() => core.metastore.scopes.inspect({ path }, call));
    const scope =
      pathScope(path) ?? (inspected.recorded === undefined ? undefined : (JSON.parse(inspected.recorded) as TaskScope));
    if (scope && isTaskScope(scope)) yield { scope, inspected };
  }
}

/** What operators see; `undefined` if no submission is open. */
function publicRecord(scope: TaskScope, externalIdKey: string, stored: StoredRecord): JobRecord | undefined {
  const { letter, version, submission, idempotencyKey, name, job } = stored;
  const unresolved = letter === 's' || letter === 'a';
  const shared = {
    scope,
    externalIdKey,
    name,
    job,
    version,
    submission,
    idempotencyKey,
    since: new Date(unresolved ? (stored.firstSentAt ?? stored.updatedAt) : stored.updatedAt),
    previous: stored.previous.map(({ reason: _, ...earlier }) => ({ ...earlier, externalId: earlier.externalId })),
    description: stored.shown,
  };
  if (letter === 's') return { ...shared, state: 'submitting', deadline: new Date(deadlineOf(stored)) };
  if (letter === 'a') return { ...shared, state: 'ambiguous' };
  if (!holdsId(letter)) return undefined;
  const externalId = stored.externalId as JsonValue;
  if (letter === 'f') return { ...shared, state: 'failed', externalId, reason: stored.reason ?? '' };
  return { ...shared, state: letter === 'o' ? 'succeeded' : 'submitted', externalId };
}
