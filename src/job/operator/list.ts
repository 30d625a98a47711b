import { concurrently } from '../../async/concurrency.ts';
import { requireCall, type CallOptions } from '../../async/deadline.ts';
import type { IndexedJob, IndexedState } from '../../format/jobs/members.ts';
import { decodeSegment, pathScope, scopePath } from '../../format/path.ts';
import { parseOrphan, parseRecord } from '../../format/record.ts';
import type { Inspected } from '../../metastore/metastore.ts';
import { milliseconds } from '../../model/duration.ts';
import { ConfigError, isMooringError } from '../../model/errors/store.ts';
import { taskScope } from '../../model/check-scope.ts';
import { isTaskScope, type TaskScope } from '../../model/scope.ts';
import type { Internals } from '../../state-store/internals.ts';
import { publicRecord } from './public-record.ts';
import type { JobRecord, JobState, JobListOptions, Orphan } from './record.ts';

/** Lists records and orphans: by the index of jobs, or by a look at every scope if the index does not hold what is asked for. */

const LIST = { signal: true, state: true, scope: true, flow: true, run: true, name: true, olderThan: true } as const;
const STATES: Readonly<Record<JobState, IndexedState | undefined>> = {
  submitting: 'submitting',
  ambiguous: 'ambiguous',
  submitted: 'submitted',
  succeeded: undefined,
  failed: 'failed',
};

/** Scopes that are read at the same time. */
const AT_ONCE = 32;

/** The records that an operator asks for. */
export async function* listRecords(core: Internals, options: JobListOptions): AsyncGenerator<JobRecord, void, undefined> {
  requireCall(options, LIST);
  const { state, scope: only, flow, run, name, olderThan, ...call } = options;
  const states = checkedStates(state);
  for (const [option, value] of Object.entries({ flow, run, name })) requireText(option, value);
  const age = olderThan === undefined ? undefined : milliseconds(olderThan, 'olderThan');
  const now = age === undefined ? 0 : await core.track(() => core.metastore.now(call));
  const wanted = (record: JobRecord): boolean =>
    states.includes(record.state) &&
    (flow === undefined || record.scope.flow === flow) &&
    (run === undefined || isRun(record.scope.run, run)) &&
    (name === undefined || record.name === name) &&
    (age === undefined || record.since.getTime() < now - age);
  const indexed = states.map((one) => STATES[one]);
  const scopes =
    only === undefined
      ? scopesWith(core, indexed, placeOf(flow, run), call)
      : [await look(core, scopePath(taskScope(only)), NONE, call)];
  for await (const seen of scopes) {
    if (!seen) continue;
    const { scope, inspected } = seen;
    for (const record of recordsIn(core, scope, inspected)) if (wanted(record)) yield record;
  }
}

/** External jobs that no record holds. */
export async function* listOrphans(core: Internals, call: CallOptions): AsyncGenerator<Orphan, void, undefined> {
  requireCall(call);
  for await (const { scope, inspected } of scopesWith(core, ['orphan'], placeOf(undefined, undefined), call)) {
    for (const raw of inspected.orphans) {
      const orphan = readable(core, { scope, key: raw.name }, () => parseOrphan(raw, { scope, key: raw.name }));
      if (!orphan) continue;
      const { externalId, since, key } = orphan;
      yield { scope, externalIdKey: key ?? decodeSegment(raw.name) ?? raw.name, externalId, since: new Date(since) };
    }
  }
}

function checkedStates(state: JobListOptions['state']): readonly JobState[] {
  const all = Object.keys(STATES) as JobState[];
  if (state === undefined) return all;
  const states = (typeof state === 'string' ? [state] : state) as unknown;
  const sound = Array.isArray(states) && states.length > 0 && states.every((one) => all.includes(one as JobState));
  if (!sound) throw new ConfigError('state', `must be one of ${all.join(', ')}, or several of them`, state);
  return states as JobState[];
}

function requireText(option: string, value: unknown): void {
  if (value !== undefined && (typeof value !== 'string' || value === '')) {
    throw new ConfigError(option, 'must be a text that is not empty', value);
  }
}

/** The adapters put a job's own ID first, then more that tells it apart. */
function isRun(run: string, wanted: string): boolean {
  return run === wanted || (run.startsWith(wanted) && (run[wanted.length] === '@' || run[wanted.length] === '/'));
}

function recordsIn(core: Internals, scope: TaskScope, { records, holder }: Inspected): JobRecord[] {
  return records.flatMap(({ name, text }) => {
    const stored = readable(core, { scope, key: name }, () => parseRecord(text, { scope, key: name }));
    if (!stored) return [];
    const record = publicRecord({ scope, externalIdKey: stored.key ?? decodeSegment(name) ?? name, holder }, stored);
    return record ? [record] : [];
  });
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

/** Which paths may be of what is asked for. */
interface Place {
  /** What they begin with. */
  start: string;
  mayHold(path: string): boolean;
}

const DIGEST = 'sha256=';

function placeOf(flow: string | undefined, run: string | undefined): Place {
  const start = flow === undefined ? '' : `${scopePath({ flow, run: '-', task: '-' }).split('/')[0]}/`;
  const [, segment] = run === undefined ? [] : scopePath({ flow: '-', run, task: '-' }).split('/');
  // What may follow the run is `@` or `/`. A run that is too long for a path is there as its digest.
  const isOfRun = (other: string): boolean => {
    if (segment === undefined || other === segment || other.startsWith(DIGEST)) return true;
    return other.startsWith(segment) && /^(?:%40|%2F)/.test(other.slice(segment.length));
  };
  const mayHold = (path: string): boolean =>
    path.startsWith(start) && !path.startsWith('assets/') && isOfRun(path.split('/', 2)[1] ?? '');
  return { start, mayHold };
}

/** A scope, and what it holds. */
interface Seen {
  path: string;
  scope: TaskScope;
  inspected: Inspected;
}

/** Scopes of tasks that may hold what is asked for, each once. `undefined` among the states: the index does not hold it. */
async function* scopesWith(
  core: Internals,
  states: readonly (IndexedState | undefined)[],
  place: Place,
  call: CallOptions,
): AsyncGenerator<Seen, void, undefined> {
  const indexed = states.filter((state) => state !== undefined);
  const pages = indexed.length === states.length ? indexedPaths(core, indexed, place, call) : allPaths(core, place, call);
  const seen = new Set<string>();
  for await (const page of pages) {
    const fresh = [...page].filter(([path]) => !seen.has(path));
    for (const [path] of fresh) seen.add(path);
    const found = await concurrently(fresh, async ([path, named]) => look(core, path, named, call), AT_ONCE);
    yield* found.filter((one) => one !== undefined);
  }
}

async function* indexedPaths(
  core: Internals,
  states: readonly IndexedState[],
  { mayHold }: Place,
  call: CallOptions,
): AsyncGenerator<Map<string, IndexedJob[]>, void, undefined> {
  for await (const page of core.metastore.jobs.open(states, call)) {
    const jobs = new Map<string, IndexedJob[]>();
    for (const job of page) {
      if (mayHold(job.path)) jobs.set(job.path, [...(jobs.get(job.path) ?? []), job]);
    }
    yield jobs;
  }
}

const NONE: readonly IndexedJob[] = [];

async function* allPaths(
  core: Internals,
  { start, mayHold }: Place,
  call: CallOptions,
): AsyncGenerator<Map<string, readonly IndexedJob[]>, void, undefined> {
  for await (const path of core.metastore.scopes.paths(start, call)) if (mayHold(path)) yield new Map([[path, NONE]]);
}

/** Reads a scope. If the index names what is not there, such as a record that has expired, the index is mended. */
async function look(core: Internals, path: string, named: readonly IndexedJob[], call: CallOptions): Promise<Seen | undefined> {
  const inspected = await core.track(() => core.metastore.scopes.inspect({ path }, call));
  const there = new Set([
    ...inspected.records.map(({ name }) => name),
    ...inspected.orphans.map(({ name, idDigest }) => `${name}:${idDigest}`),
  ]);
  const gone = named.map(({ name }) => name).filter((name) => !there.has(name));
  if (gone.length > 0) await core.track(() => core.metastore.jobs.index({ path }, gone, call));
  const scope = pathScope(path) ?? (inspected.recorded === undefined ? undefined : (JSON.parse(inspected.recorded) as TaskScope));
  return scope && isTaskScope(scope) ? { path, scope, inspected } : undefined;
}
