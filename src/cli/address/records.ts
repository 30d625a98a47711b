import { jobRecords, type CallOptions, type JobRecord, type JobRecords, type StateStore, type TaskScope } from '../../index.ts';
import { pathScope, scopePath } from '../../format/path.ts';
import { isTaskScope } from '../../model/scope.ts';
import { addressInWords, type Address } from './address.ts';
import { AddressError } from './error.ts';
import { isMeant, queryOf } from './match.ts';
import { nameOf, pathOf } from './name.ts';
import { OPEN_STATES } from './states.ts';

/** Finds what an address means. */

/** A call that may take long says so first. */
export interface FindCall extends CallOptions {
  /** Called before the whole namespace is looked through, which a finished job of a queue or a workflow needs. */
  onScan?(): void;
}

/**
 * The records that an address means. None is no error. A path is looked up directly. For a queue or a workflow an index is asked
 * first. Only a job that is over is in no index: then the whole namespace is looked through.
 */
export async function recordsAt(store: StateStore, address: Address, call: FindCall = {}): Promise<JobRecord[]> {
  const { onScan, ...options } = call;
  const scope = scopeOfPath(address);
  const meant = async (query: Parameters<JobRecords['list']>[0]): Promise<JobRecord[]> => {
    const found: JobRecord[] = [];
    for await (const record of jobRecords(store).list({ ...query, ...options })) if (isMeant(address, record)) found.push(record);
    return found;
  };
  if (scope) return meant({ scope });
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
 * The one task that an address means, with its records. If the address is a path, nothing needs to be stored there.
 *
 * @throws {@link AddressError} that says what there is, if there is none or several.
 */
export async function taskAt(store: StateStore, address: Address, call: FindCall = {}): Promise<FoundTask> {
  const records = await recordsAt(store, address, call);
  const scopes = new Map(records.map((record) => [scopePath(record.scope), record.scope]));
  if (scopes.size > 1)
    throw several(
      address,
      [...scopes.values()].map((one) => pathOf(one)),
    );
  const [scope = scopeOfPath(address)] = scopes.values();
  if (scope === undefined) throw await missing(store, address, call);
  return { scope, records };
}

/**
 * The one scope that an address means. If the address is a path, nothing needs to be stored there.
 *
 * @throws {@link AddressError} that says what there is, if there is none or several.
 */
export async function scopeAt(store: StateStore, address: Address, call: FindCall = {}): Promise<TaskScope> {
  return scopeOfPath(address) ?? (await taskAt(store, { ...address, key: undefined }, call)).scope;
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
    others.add(nameOf(record.scope));
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
