import { jobRecords, type CallOptions, type JobRecord, type JobRecords, type StateStore, type TaskScope } from '../../index.ts';
import { pathScope, scopePath } from '../../format/path.ts';
import { isTaskScope } from '../../model/scope.ts';
import { addressInWords, type Address } from './address.ts';
import { AddressError } from './error.ts';
import { isMeant, queryOf } from './match.ts';
import { isItem, nameOf, pathOf } from './name.ts';
import { OPEN_STATES } from './states.ts';

/** Finds what an address means. */

/** A call that may take long says so first. */
export interface FindCall extends CallOptions {
  /** Called before the whole namespace is looked through, which a finished job of a queue or a workflow needs. */
  onScan?(): void;
  /**
   * For a command that changes what it finds: the scope of the job that has the ID now; `undefined` if nobody can say. Then all
   * records are looked for, since an older job may have had the same ID.
   */
  current?(address: QueueAddress): Promise<TaskScope | undefined>;
}

type QueueAddress = Extract<Address, { kind: 'queue' }>;

/**
 * The records that an address means. None is no error. A path is looked up directly. For a queue or a workflow an index is asked
 * first. Only a job that is over is in no index: then the whole namespace is looked through.
 */
export async function recordsAt(store: StateStore, address: Address, call: FindCall = {}): Promise<JobRecord[]> {
  return (await findRecords(store, address, call)).records;
}

interface Found {
  readonly records: JobRecord[];
  /** The scope of the job that has the ID now, if that was asked for and is known. */
  readonly current: TaskScope | undefined;
}

async function findRecords(store: StateStore, address: Address, call: FindCall): Promise<Found> {
  if (call.current === undefined || address.kind !== 'queue' || hasTime(address)) {
    return { records: await listed(store, address, call), current: undefined };
  }
  const current = await call.current(address);
  if (current) return { records: await listed(store, { ...address, id: current.run }, call), current };
  call.onScan?.();
  const all = await listed(store, address, call, { whole: true });
  const open = all.filter(({ state }) => OPEN_STATES.includes(state));
  const runs = new Set(all.map(({ scope }) => scope.run));
  return { records: runs.size > 1 || open.length === 0 ? all : open, current };
}

/** Whether the whole of the run was typed, with the time of creation. */
function hasTime({ id }: QueueAddress): boolean {
  return /@\d{10,}$/.test(id);
}

/** The records. `whole`: those that are over too, even if some are open. */
async function listed(
  store: StateStore,
  address: Address,
  { onScan, signal }: FindCall,
  { whole = false } = {},
): Promise<JobRecord[]> {
  const scope = scopeOfPath(address);
  const meant = async (query: Parameters<JobRecords['list']>[0]): Promise<JobRecord[]> => {
    const found: JobRecord[] = [];
    for await (const record of jobRecords(store).list({ ...query, ...(signal && { signal }) }))
      if (isMeant(address, record)) found.push(record);
    return found;
  };
  if (scope) return meant({ scope });
  if (whole) return meant(queryOf(address));
  const open = await meant({ ...queryOf(address), state: OPEN_STATES });
  if (open.length > 0) return open;
  onScan?.();
  return meant(queryOf(address));
}

/**
 * The one record that an address means.
 *
 * @throws {@link AddressError} that says what there is, if there is none or several.
 */
export async function recordAt(store: StateStore, address: Address, call: FindCall = {}): Promise<JobRecord> {
  const found = await recordsAt(store, address, call);
  const [record] = found;
  if (record === undefined) throw await missing(store, address, call);
  if (found.length > 1) throw several(address, found.map(nameOfRecord));
  return record;
}

/** A task, and its records. */
export interface FoundTask {
  readonly scope: TaskScope;
  /** All of the task, or the one of the key. None if the task has only values, or nothing. */
  readonly records: readonly JobRecord[];
}

/**
 * The one task that an address means, with its records. A job of a queue is the task itself, if that has records, and not its
 * items. If the address is a path, nothing needs to be stored there.
 *
 * @throws {@link AddressError} that says what there is, if there is none or several.
 */
export async function taskAt(store: StateStore, address: Address, call: FindCall = {}): Promise<FoundTask> {
  const found = await recordsAt(store, address, call);
  const own = address.kind === 'queue' ? found.filter(({ scope }) => !isItem(scope)) : [];
  const records = own.length === 0 ? found : own;
  const scope = oneOf(
    address,
    records.map((record) => record.scope),
  );
  if (scope) return { scope, records };
  const named = scopeOfPath(address);
  if (named === undefined) throw await missing(store, address, call);
  return { scope: named, records };
}

/**
 * The one scope that an address means. A job of a queue is the task itself: an item is meant only by its path. If the address is
 * a path, nothing needs to be stored there.
 *
 * @throws {@link AddressError} that says what there is, if there is none or several.
 */
export async function scopeAt(store: StateStore, address: Address, call: FindCall = {}): Promise<TaskScope> {
  const named = scopeOfPath(address);
  if (named) return named;
  const all: Address = { ...address, key: undefined };
  if (all.kind !== 'queue') return (await taskAt(store, all, call)).scope;
  const { records, current } = await findRecords(store, all, call);
  // Items tell the name of their task.
  const tasks = records.map(({ scope: { flow, run, task } }): TaskScope => ({ flow, run, task }));
  const scope = oneOf(all, tasks) ?? current;
  if (scope === undefined) throw await missing(store, all, call);
  return scope;
}

/** The scope that all of them are; `undefined` if there is none. @throws {@link AddressError} */
function oneOf(address: Address, scopes: readonly TaskScope[]): TaskScope | undefined {
  const byPath = new Map(scopes.map((scope) => [scopePath(scope), scope]));
  const [first, second] = byPath.values();
  if (second === undefined) return first;
  throw several(
    address,
    [...byPath.values()].map((scope) => pathOf(scope)),
  );
}

/** The scope of a path; `undefined` if the path holds a digest, and for other addresses. */
function scopeOfPath(address: Address): TaskScope | undefined {
  const scope = address.kind === 'path' ? pathScope(address.path) : undefined;
  return scope && isTaskScope(scope) ? scope : undefined;
}

const MOST_NAMED = 5;

/** The error for a job that is not there. It names some that are. */
async function missing(store: StateStore, address: Address, { signal }: CallOptions): Promise<AddressError> {
  const { flow } = queryOf(address);
  const others = new Set<string>();
  const query = { state: OPEN_STATES, ...(flow !== undefined && { flow }), ...(signal && { signal }) };
  for await (const record of jobRecords(store).list(query)) {
    // The same name would mean another job of the same ID.
    others.add((isMeant(address, record) ? pathOf : nameOf)(record.scope));
    if (others.size > MOST_NAMED) break;
  }
  const place = flow === undefined ? 'this namespace' : `the flow ${JSON.stringify(flow)}`;
  const named = [...others].slice(0, MOST_NAMED).join(', ');
  const there =
    others.size === 0 ? `${place} has no open job` : `${place} has ${named}${others.size > MOST_NAMED ? ' and more' : ''}`;
  return new AddressError('no-such-job', `no external job is known of ${addressInWords(address)}: ${there} (see mooring jobs)`);
}

function several(address: Address, names: readonly string[]): AddressError {
  const named = names.slice(0, MOST_NAMED).join(' or ');
  const more = names.length > MOST_NAMED ? `, or ${names.length - MOST_NAMED} more (mooring jobs --paths)` : '';
  return new AddressError('several-jobs', `${addressInWords(address)} fits ${names.length}: name one by ${named}${more}`);
}

function nameOfRecord({ scope, externalIdKey }: JobRecord): string {
  return pathOf(scope, externalIdKey);
}
