import type { JobRecords } from '../job/operator/record.ts';
import { ConfigError, InvalidValueError, VersionConflictError } from '../model/errors/store.ts';
import type { JsonValue } from '../model/storable.ts';
import type { AskedJob } from './detail.ts';
import { orphanOf } from './row.ts';

/** What a person may change. Each answer is about the version that the page showed, or it is refused. */

/** The changes, by name. */
export const BOARD_CHANGES = ['adopt', 'not-submitted', 'reopen', 'forget'] as const;
type BoardChange = (typeof BOARD_CHANGES)[number];

/** A change as the page asks for it. */
export interface AskedChange extends AskedJob {
  readonly version?: string;
  /** The ID as text. With `json` the text is JSON: an ID may be a number or an object. */
  readonly externalId?: string;
  readonly json?: boolean;
  /** Which orphan. */
  readonly orphan?: string;
}

/**
 * Makes the change.
 *
 * @throws `VersionConflictError` if the record is not the one that was shown; what `jobRecords()` throws.
 */
export async function makeChange(
  records: JobRecords,
  change: BoardChange,
  asked: AskedChange,
  signal: AbortSignal,
): Promise<void> {
  if (change === 'forget') return forget(records, asked.orphan, signal);
  const { scope, key, version } = asked;
  const record = await records.get(scope, key, { signal });
  if (record?.version !== version || record === undefined) {
    throw new VersionConflictError(record?.version ?? 'absent', { scope, key });
  }
  if (change === 'adopt') return records.adopt(record, externalIdOf(asked), { signal });
  if (change === 'not-submitted') return records.markNotSubmitted(record, { signal });
  return records.reopen(record, { signal });
}

function externalIdOf({ externalId, json = false }: AskedChange): JsonValue {
  if (externalId === undefined || externalId.trim() === '') throw new ConfigError('externalId', 'must not be empty');
  if (!json) return externalId;
  try {
    return JSON.parse(externalId) as JsonValue;
  } catch {
    throw new InvalidValueError('externalId', 'is not JSON');
  }
}

/** One that is not listed any more is forgotten already. */
async function forget(records: JobRecords, orphanId: string | undefined, signal: AbortSignal): Promise<void> {
  for await (const orphan of records.orphans({ signal })) {
    if (orphanOf(orphan).id === orphanId) return records.forget(orphan, { signal });
  }
}
