import { jobRecords, type CallOptions, type JobRecord, type StateStore } from '../../index.ts';

/** The states in which a job is not over, or has failed. An index has them all. */
export const OPEN_STATES: readonly JobRecord['state'][] = ['ambiguous', 'submitting', 'submitted', 'failed'];

/** What is asked for. */
export interface RecordQuery extends CallOptions {
  state?: readonly JobRecord['state'][];
  flow?: string;
  /** The run, or what comes before `@` or `/` in it. */
  run?: string;
}

/** Records by state, flow and run. */
export async function* recordsOf(
  store: StateStore,
  { state, flow, run, signal }: RecordQuery,
): AsyncGenerator<JobRecord, void, undefined> {
  const options = { ...(flow !== undefined && { flow }), ...(signal && { signal }) };
  for await (const record of jobRecords(store).list(options)) {
    const { run: found } = record.scope;
    const matches = run === undefined || found === run || found.startsWith(`${run}@`) || found.startsWith(`${run}/`);
    if (matches && (state === undefined || state.includes(record.state))) yield record;
  }
}
