import type { StateStore, TaskScope } from '../../../index.ts';
import { scopePath } from '../../../format/path.ts';
import { ADDRESS_ABOUT, ADDRESS_OPERANDS } from '../../address/address.ts';
import { recordsAt } from '../../address/records.ts';
import type { StoreCommand } from '../../command.ts';
import { questioner, REFUSED, YES } from '../../input/question.ts';
import { EXIT } from '../../outcome.ts';
import { bytesInWords, count } from '../../words.ts';
import { requireNoMore } from '../answers/not-submitted.ts';
import { readSubject, SUBJECT_FLAGS, type NamedState } from '../values/subject.ts';
import { UNSURE } from '../refused.ts';

/** `mooring clear`: wipes the state of a task or an asset. */
export const clearCommand: StoreCommand = {
  kind: 'store',
  summary: 'wipe the state of a job, so that it starts anew',
  operands: ADDRESS_OPERANDS,
  flags: { ...SUBJECT_FLAGS, 'all-items': { holds: 'also the state of all mapped items of the task' }, ...YES },
  about: [
    'The next run starts from nothing, with a new external job. An external job that runs goes on, and is listed as an orphan. An',
    'attempt that runs is superseded. Refused while nobody knows whether a submit arrived: answer that first.',
    ...ADDRESS_ABOUT,
  ],
  examples: [
    ['mooring clear transcode 42', 'asks, then wipes it'],
    ['mooring clear --asset catalogue --yes', 'wipes the state of an asset'],
  ],
  interrupted: UNSURE,
  plan(given) {
    const subject = readSubject(given);
    requireNoMore(subject.rest);
    const allItems = given.has('all-items');
    return async (store, work) => {
      const ask = questioner(given, work);
      const { signal } = work;
      const found = await subject.find(store, work);
      const { values, bytes } = await sizeOf(found, signal);
      const running = found.scope ? await runningAt(store, found.scope, signal) : [];
      const size = `${count(values, 'value')} (${bytesInWords(bytes)})`;
      const items = allItems ? ', and the state of all its items' : '';
      const left = running.map((id) => `the external job ${JSON.stringify(id)} goes on, as an orphan`);
      if (!(await ask(`Wipe ${[`${found.name}: ${size}${items}`, ...left].join('; ')}?`))) return REFUSED;
      await found.handle.clear({ signal, ...(allItems && { allItems }) });
      return {
        code: EXIT.ok,
        report: { cleared: found.scope ?? found.name, values, bytes, orphans: running },
        lines: [`wiped ${found.name}: ${size}${items}`, ...left],
      };
    };
  },
};

async function sizeOf({ handle }: NamedState, signal: AbortSignal): Promise<{ values: number; bytes: number }> {
  const sum = { values: 0, bytes: 0 };
  for await (const { size } of handle.entries({ signal })) {
    sum.values += 1;
    sum.bytes += size;
  }
  return sum;
}

/** The external jobs that the scope has running. */
async function runningAt(store: StateStore, scope: TaskScope, signal: AbortSignal): Promise<unknown[]> {
  const records = await recordsAt(store, { kind: 'path', path: scopePath(scope), key: undefined }, { signal });
  return records.flatMap((record) => (record.state === 'submitted' ? [record.externalId] : []));
}
