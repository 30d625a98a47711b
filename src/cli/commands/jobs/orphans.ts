import { jobRecords, type Orphan } from '../../../index.ts';
import { readQueue, type Address } from '../../address/address.ts';
import { isMeant } from '../../address/match.ts';
import { nameOf, pathOf, shellWord } from '../../address/name.ts';
import type { StoreCommand } from '../../command.ts';
import type { Given } from '../../flags.ts';
import { ageOf } from '../../layout/age.ts';
import { shownId } from '../../layout/job.ts';
import { tableLines } from '../../layout/table.ts';
import { EXIT } from '../../outcome.ts';
import { UsageError } from '../../usage-error.ts';
import { FILTER_FLAGS } from './query.ts';

/** `mooring orphans`: external jobs that exist, and that no record holds. */

const COLUMNS = [{ title: 'AGE' }, { title: 'JOB' }, { title: 'EXTERNAL ID', yields: 1 }];

export const orphansCommand: StoreCommand = {
  kind: 'store',
  summary: 'list the external jobs that no record holds',
  flags: { queue: FILTER_FLAGS.queue, prefix: FILTER_FLAGS.prefix, workflow: FILTER_FLAGS.workflow },
  about: [
    'An orphan was submitted by an attempt that had lost its task, or its state was cleared while it ran. Mooring cancels none by',
    'itself. Stop each in the external system, or let it go on; then mooring forget takes it off the list.',
  ],
  examples: [
    ['mooring orphans', 'all of them, the oldest first'],
    ['mooring orphans --queue transcode', 'those of one queue'],
  ],
  plan(given) {
    const isWanted = readFilter(given);
    return async (store, { signal, terminal, tools }) => {
      const orphans: Orphan[] = [];
      for await (const orphan of jobRecords(store).orphans({ signal })) if (isWanted(orphan)) orphans.push(orphan);
      orphans.sort((a, b) => a.since.getTime() - b.since.getTime());
      const now = tools.clock.now();
      const rows = orphans.map(({ scope, externalIdKey, externalId, since }) => [
        ageOf(since, now),
        nameOf(scope, externalIdKey),
        shownId(externalId),
      ]);
      const [first] = orphans;
      return {
        code: EXIT.ok,
        report: { orphans: orphans.map((orphan) => ({ path: pathOf(orphan.scope), ...orphan })) },
        lines: first ? tableLines(COLUMNS, rows, terminal) : ['no orphans'],
        notes: first ? [`Stop each in the external system, or let it go on; then: ${forgetting(first)}`] : [],
      };
    };
  },
};

function forgetting({ scope, externalIdKey, externalId }: Orphan): string {
  return `mooring forget ${nameOf(scope, externalIdKey)} ${shellWord(shownId(externalId))}`;
}

function readFilter(given: Given): (orphan: Orphan) => boolean {
  const [queue, prefix, workflow] = ['queue', 'prefix', 'workflow'].map((flag) => given.text(flag));
  if (queue !== undefined && workflow !== undefined) throw new UsageError('--queue and --workflow exclude each other');
  if (prefix !== undefined && queue === undefined) throw new UsageError('--prefix needs --queue');
  if (workflow !== undefined) {
    const address: Address = { kind: 'workflow', workflow, activity: undefined, key: undefined };
    return (orphan) => isMeant(address, orphan);
  }
  const flow = queue === undefined ? undefined : readQueue(queue, prefix);
  return ({ scope }) => flow === undefined || scope.flow === flow;
}
