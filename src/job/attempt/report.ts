import type { HeldRecord } from '../../format/record.ts';
import type { JsonValue } from '../../model/storable.ts';
import type { JobReport } from './options.ts';
import type { Run } from '../protocol/run.ts';

/**
 * A report as an entry of an object that a dashboard shows: under the job's name (`externalIdKey` if it has none), with the item in
 * brackets.
 */
export function reportEntry(report: JobReport): [label: string, entry: { [name: string]: JsonValue }] {
  const { name, externalIdKey, item, state, progress, externalId, url } = report;
  const label = `${name ?? externalIdKey}${item === undefined ? '' : `[${item}]`}`;
  return [label, { state, ...(progress !== undefined && { progress }), externalId, ...(url !== undefined && { url }) }];
}

/** Tells the runtime how an external job is, for its dashboards. Nobody waits for that, and its failure is no failure of the job. */
export function report(
  run: Run,
  { externalId, submission, shown }: Pick<HeldRecord, 'externalId' | 'submission' | 'shown'>,
  status: { state: JobReport['state']; progress?: JsonValue },
): void {
  const { onReport } = run.attempt;
  if (!onReport) return;
  const { name, externalIdKey } = run.options;
  const { itemKey, mapIndex } = run.own.scope;
  const { state, progress } = status;
  const told: JobReport = {
    name,
    externalIdKey,
    item: itemKey ?? mapIndex,
    submission,
    externalId,
    url: shown?.url,
    state,
    progress,
  };
  void Promise.resolve()
    .then(() => onReport(told))
    .catch((err: unknown) => run.life.log.warn({ ...run.about, err }, 'onReport failed'));
}
