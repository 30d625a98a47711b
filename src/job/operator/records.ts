import { requireCall, type CallOptions } from '../../async/deadline.ts';
import { ConfigError, VersionConflictError } from '../../model/errors/store.ts';
import { createWriter, drawNonce, UNFENCED } from '../../format/write-id.ts';
import { scopeAddress } from '../../metastore/metastore.ts';
import { withEvent, withHistory } from '../../format/jobs/history.ts';
import { DEFAULT_EXTERNAL_ID_KEY, encodeSegment } from '../../format/path.ts';
import { NO_ID } from '../../format/record-head.ts';
import { taskScope } from '../../model/check-scope.ts';
import type { TaskScope } from '../../model/scope.ts';
import { internalsOf, type Internals } from '../../state-store/internals.ts';
import type { StateStore } from '../../state-store/state-store.ts';
import type { JsonValue } from '../../model/storable.ts';
import { readId } from '../protocol/external-id.ts';
import { listOrphans, listRecords } from './list.ts';
import { publicRecord } from './public-record.ts';
import type { JobEvent, JobRecord, JobRecords } from './record.ts';
import { savingsOf, summaryOf } from './summary.ts';
import { deadlineOf, fieldsOf, idDigest, parseRecord, withCurrent } from '../../format/record.ts';
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
    const { stored } = await readStored(core, located, call);
    if (stored?.version !== record.version) throw new VersionConflictError(stored?.version ?? 'absent', where);
    if (record.state !== 'failed') await requireSettled(core, stored, call);
    const { fields, event, ...head } = change(stored, externalId);
    const now = await core.track(() => core.metastore.now(call));
    const history = withEvent(stored.history, [now, event, record.submission]);
    const json = withHistory(JSON.stringify({ ...fields, key: stored.key }), history);
    const parts = { json, since: fields.firstSentAt, retention: recordRetention(core), basis: record.version };
    const write = { id: writer.next(), name, ...head, ...parts };
    const reply = await core.track(() => core.metastore.records.answer(address, write, call));
    if (reply.kind === 'conflict') throw new VersionConflictError(reply.current, where);
    const { letter, submission } = head;
    const what = letter === 'e' ? 'adopted' : 'the next submission may open';
    core.logger?.info({ ...where, submission }, `a person answered: ${what}`);
  };

  return {
    list: (options = {}) => listRecords(core, options),
    summary: (call = {}) => summaryOf(core, call),
    savings: (options = {}) => savingsOf(core, options),
    async get(scope, externalIdKey = DEFAULT_EXTERNAL_ID_KEY, call = {}) {
      requireCall(call);
      const located = locate(scope, externalIdKey);
      const { holder, stored } = await readStored(core, located, call);
      return stored && publicRecord({ scope: located.where.scope, externalIdKey, holder }, stored);
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
  ): Pick<StoredRecord, 'letter' | 'submission'> & { idDigest: string; fields: Partial<RecordFields>; event: JobEvent['kind'] };
}

const UNRESOLVED = { states: ['submitting', 'ambiguous'], rule: 'must be submitting or ambiguous to be answered' } as const;

const next =
  (event: JobEvent['kind']): Answer['change'] =>
  (stored) => {
    const fields = { previous: withCurrent(stored) };
    return { letter: 'n', submission: stored.submission + 1, idDigest: NO_ID, fields, event };
  };

const NOT_SUBMITTED: Answer = { ...UNRESOLVED, change: next('not-submitted') };
const REOPENED: Answer = { states: ['failed'], rule: 'must be failed to be opened again', change: next('reopened') };
const ADOPTED: Answer = {
  ...UNRESOLVED,
  change(stored, externalId = null) {
    const fields = { ...fieldsOf(stored), firstSentAt: stored.firstSentAt ?? stored.updatedAt, externalId };
    return { letter: 'e', submission: stored.submission, idDigest: idDigest(externalId), fields, event: 'adopted' };
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
): Promise<{ stored: StoredRecord | undefined; holder: string | undefined }> {
  const { records, holder } = await core.track(() => core.metastore.scopes.inspect(address, call));
  const raw = records.find((candidate) => candidate.name === name);
  return { stored: raw && parseRecord(raw.text, where), holder };
}
