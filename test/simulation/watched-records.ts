import { parseOrphan, parseRecord, type StoredRecord } from '../../src/format/record.ts';
import type { MetastoreScopes } from '../../src/metastore/metastore.ts';
import type { SimJob } from './external-system.ts';

/** The records of one history, looked at after every command that may have changed one. */

/** A record, and what is listed with it. */
export interface Inspected {
  record: StoredRecord | undefined;
  orphans: readonly unknown[];
}

/** Records that are watched. */
export interface WatchedRecords {
  /** Reads the record of a path. */
  inspect(path: string): Promise<Inspected>;
  /** Looks at it, and at what became of what it held. */
  check(path: string): Promise<void>;
  /** Whether anybody ever wrote ahead. */
  wroteAhead(): boolean;
  /** An external system has made a job. */
  accepted(job: SimJob, now: number): void;
  /** The metastore has lost everything. */
  lost(): void;
}

/** Milliseconds from a recorded failure to the next submission: at least so long. */
const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;

/** Watches the records of these paths. */
export function watchRecords(
  scopes: Pick<MetastoreScopes, 'inspect'>,
  paths: readonly string[],
  violations: string[],
  hasSucceeded: (id: unknown) => boolean,
): WatchedRecords {
  const last = new Map<string, StoredRecord | undefined>();
  const failedAt = new Map<string, number>();
  let wroteAhead = false;

  const inspect = async (path: string): Promise<Inspected> => {
    const { records, orphans } = await scopes.inspect({ path }, {});
    const raw = records[0];
    return {
      record: raw && parseRecord(raw.text, {}),
      orphans: orphans.map((orphan) => parseOrphan(orphan, {}).externalId),
    };
  };
  const isKept = (record: StoredRecord | undefined, had: StoredRecord): boolean =>
    record?.externalId === had.externalId || record?.previous.some((one) => one.externalId === had.externalId) === true;

  return {
    inspect,
    async check(path) {
      if (!paths.includes(path)) return;
      const { record } = await inspect(path);
      const had = last.get(path);
      if (record?.version === had?.version) return;
      last.set(path, record);
      wroteAhead ||= record?.letter === 's';
      if (record?.letter === 'f') failedAt.set(`${path} ${record.submission}`, record.updatedAt);
      if (record?.letter === 'f' && hasSucceeded(record.externalId))
        violations.push(`J${JSON.stringify(record.externalId)} has succeeded, and counts as failed`);
      if (had?.letter === 'o' && !(record?.letter === 'o' && record.externalId === had.externalId))
        violations.push('finished was overwritten');
      if (had && 'ef'.includes(had.letter) && !isKept(record, had))
        violations.push(`the ID of J${JSON.stringify(had.externalId)} was dropped`);
      for (const one of had?.previous ?? []) {
        if (!record?.previous.some((kept) => kept.idempotencyKey === one.idempotencyKey && kept.externalId === one.externalId)) {
          violations.push(`submission ${one.submission} was forgotten`);
        }
      }
    },
    wroteAhead: () => wroteAhead,
    accepted({ id, submission, input }, now) {
      const failed = failedAt.get(`${input} ${submission - 1}`);
      const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (submission - 2));
      if (failed !== undefined && now < failed + pause)
        violations.push(`J${id} was made ${now - failed} ms after a failure, not ${pause} ms`);
    },
    lost() {
      last.clear();
      failedAt.clear();
    },
  };
}
