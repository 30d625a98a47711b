import { jobRecords, type CallOptions, type JobRecord, type StateStore, type TaskScope } from '../../index.ts';
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
 * The records that an address means. None is no error. What an index tells is asked first. Only a job that is over is in no index;
 * if its address is no path, the whole namespace is looked through.
 */
export async function recordsAt(store: StateStore, address: Address, call: FindCall = {}): Promise<JobRecord[]> {
  const { onScan, ...options } = call;
  const query = { ...queryOf(address), ...options };
  const found = new Map<string, JobRecord>();
  const keep = (record: JobRecord): void => void found.set(`${scopePath(record.scope)} ${record.externalIdKey}`, record);
  for await (const record of jobRecords(store).list({ ...query, state: OPEN_STATES })) if (isMeant(address, record)) keep(record);
  const scope = scopeOfPath(address);
  const named = scope && (await jobRecords(store).get(scope, address.key, options));
  if (named) keep(named);
  if (found.size > 0 || (scope && address.key !== undefined)) return [...found.values()];
  onScan?.();
  for await (const record of jobRecords(store).list(query)) if (isMeant(address, record)) keep(record);
  return [...found.values()];
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

/**
 * The one scope that an address means. If the address is a path, nothing needs to be stored there.
 *
 * @throws {@link AddressError} that says what there is, if there is none or several.
 */
export async function scopeAt(store: StateStore, address: Address, call: FindCall = {}): Promise<TaskScope> {
  const exact = scopeOfPath(address);
  if (exact) return exact;
  const found = await recordsAt(store, { ...address, key: undefined }, call);
  const scopes = new Map(found.map(({ scope }) => [scopePath(scope), scope]));
  const [scope] = scopes.values();
  if (scope === undefined) throw await missing(store, address, call);
  if (scopes.size > 1)
    throw several(
      address,
      [...scopes.values()].map((one) => pathOf(one)),
    );
  return scope;
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
