import { describe } from '@jest/globals';
import { clearContract } from './metastore-clear.ts';
import { fencesContract } from './metastore-fences.ts';
import { jobsContract } from './metastore-jobs.ts';
import { lifetimeContract } from './metastore-lifetime.ts';
import { lineageContract } from './metastore-lineage.ts';
import { operatorsContract } from './metastore-operators.ts';
import { useBench, type MetastoreRig } from './metastore-parts.ts';
import { recordsContract } from './metastore-records.ts';
import { restoreContract } from './metastore-restore.ts';
import { endsContract } from './metastore-ends.ts';
import { dueContract } from './metastore-due.ts';
import { sweepEndContract } from './metastore-sweep-end.ts';
import { sweepContract } from './metastore-sweep.ts';
import { valuesContract } from './metastore-values.ts';

/** What every metastore does, whatever it is made of. */
export function metastoreContract(name: string, start: () => Promise<MetastoreRig>): void {
  describe(`a metastore (${name})`, () => {
    const bench = useBench(start);
    valuesContract(bench);
    fencesContract(bench);
    recordsContract(bench);
    clearContract(bench);
    lifetimeContract(bench);
    operatorsContract(bench);
    jobsContract(bench);
    endsContract(bench);
    dueContract(bench);
    sweepContract(bench);
    sweepEndContract(bench);
    restoreContract(bench);
    lineageContract(bench);
  });
}

/**
 * The part of it in which the client can make a difference. Scripts and their answers go through one function, for text and for
 * bytes (`metastore/redis/connection.ts`), so any script shows for all what a client does to arguments, replies and keys. It also
 * shows what becomes of commands that a client sends at the same time. The scripts here are those of values, also of bytes that
 * are no text, and of records. Beside them stands what is asked of all shards, which a Cluster has on several servers, and what
 * is no script. What the other scripts do is the server's.
 */
export function metastoreClientContract(name: string, start: () => Promise<MetastoreRig>): void {
  describe(`a metastore (${name})`, () => {
    const bench = useBench(start);
    valuesContract(bench);
    operatorsContract(bench);
    jobsContract(bench);
    dueContract(bench);
    lineageContract(bench);
  });
}
