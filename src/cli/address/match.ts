import type { JobRecord } from '../../index.ts';
import { pathScope, scopePath } from '../../format/path.ts';
import { isTaskScope } from '../../model/scope.ts';
import type { Address } from './address.ts';
import { partsOf } from './name.ts';

/** What an address asks of the index, and what it means of that. */

/** What is asked: the flow and the run, as far as the address says them. */
export function queryOf(address: Address): { flow?: string; run?: string } {
  if (address.kind === 'queue') return { flow: address.flow, run: address.id };
  if (address.kind === 'path') {
    const scope = pathScope(address.path);
    return scope && isTaskScope(scope) ? { flow: scope.flow, run: scope.run } : {};
  }
  const { workflow, activity } = address;
  return { run: workflow === undefined ? `activity/${joinable(activity ?? '')}` : joinable(workflow) };
}

/** A part of a name as the Temporal adapter joins it. */
function joinable(part: string): string {
  return part.replace(/[%/]/g, encodeURIComponent);
}

/** Whether an address means a record. */
export function isMeant(address: Address, { scope, externalIdKey }: Pick<JobRecord, 'scope' | 'externalIdKey'>): boolean {
  if (address.key !== undefined && externalIdKey !== address.key) return false;
  if (address.kind === 'path') return scopePath(scope) === address.path;
  if (address.kind === 'queue') {
    if (scope.flow !== address.flow || !scope.run.startsWith(address.id)) return false;
    // The whole of the run may have been typed, with the time of creation.
    return /^(?:@\d+)?$/.test(scope.run.slice(address.id.length));
  }
  const { workflow, activity } = address;
  const run = partsOf(scope.run);
  if (workflow === undefined) return run.length === 3 && run[0] === 'activity' && run[1] === activity;
  return run[0] === workflow && (activity === undefined || partsOf(scope.task).slice(0, 2).includes(activity));
}
