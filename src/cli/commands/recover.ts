import type { RecoveredEntry, RecoverReport } from '../../index.ts';
import type { StoreCommand } from '../command.ts';
import { EXIT } from '../outcome.ts';
import { applies } from './sweep.ts';
import { bytesInWords, count } from '../words.ts';

/** `mooring recover`. */
export const recoverCommand: StoreCommand = {
  kind: 'store',
  summary: 'bring values back from the buckets after Redis lost its state',
  flags: {
    apply: { holds: 'write the entries; without it they are only listed' },
    'dry-run': { holds: 'only list them, which is what happens without --apply' },
    retention: { value: 'TIME', holds: 'how long state of tasks is kept from now on, in place of MOORING_RETENTION' },
  },
  about: [
    'Takes the newest object of every key that has no entry. It may bring back a value that was never committed, or that was',
    'deleted; it cannot bring back one that was small enough to lie in Redis only. Afterwards sweep and reconcile work again.',
    'Lifecycle rules of a bucket do not know the new ends of what it brings back, and may delete it: take them away before --apply,',
    'until those values have ended.',
    'Values under a codec or an encryption of your own need recover() in a program that knows them.',
  ],
  examples: [
    ['mooring recover', 'list what would come back'],
    ['mooring recover --apply', 'bring it back'],
  ],
  plan(given) {
    const apply = applies(given);
    return async (store, { signal, terminal, tools, json }) => {
      const found: RecoveredEntry[] = [];
      let entries = 0;
      const onEntry = (entry: RecoveredEntry): void => {
        entries += 1;
        if (apply) terminal.progress(`recovering: ${count(entries, 'entry', 'entries')}`);
        else if (json) found.push(entry);
        else terminal.line(entryInWords(entry));
      };
      const report = await tools.recover(store, { apply, signal, onEntry });
      const done = `${apply ? 'recovered' : 'would recover'} ${count(report.entries, 'entry', 'entries')}, left out ${report.skipped}`;
      return {
        code: report.unreadable > 0 ? EXIT.failed : EXIT.ok,
        report: { dryRun: !apply, ...report, ...(!apply && { found }) },
        lines: [done],
        notes: [...unreadableInWords(report), ...(!apply && report.entries > 0 ? ['With --apply they are written.'] : [])],
      };
    };
  },
};

/** A warning has named each of them before, with the reason. */
function unreadableInWords({ unreadable }: RecoverReport): string[] {
  if (unreadable === 0) return [];
  return [
    `${count(unreadable, 'object')} cannot be read (named above), and until none is left reconcile refuses: give the codec or the encryption that each was written with, or delete it or move it away, then run recover --apply again.`,
  ];
}

/** A key is a user's text; as JSON it cannot move the terminal's cursor. */
function entryInWords({ path, key, size, writtenAt }: RecoveredEntry): string {
  return `${path} ${JSON.stringify(key)} (${bytesInWords(size)}, ${writtenAt.toISOString()})`;
}
