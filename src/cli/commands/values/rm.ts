import { ADDRESS_ABOUT, ADDRESS_OPERANDS } from '../../address/address.ts';
import type { StoreCommand } from '../../command.ts';
import { questioner, REFUSED, YES } from '../../input/question.ts';
import { EXIT } from '../../outcome.ts';
import { entryAt, entryInWords, entryReport } from './entry.ts';
import { readKey, readSubject, SUBJECT_FLAGS } from './subject.ts';
import { UNSURE } from '../refused.ts';

/** `mooring rm`: deletes one value. */
export const rmCommand: StoreCommand = {
  kind: 'store',
  summary: 'delete one value',
  operands: `${ADDRESS_OPERANDS} KEY`,
  flags: { ...SUBJECT_FLAGS, ...YES },
  about: ['A step whose value is gone is done again by the next attempt.', ...ADDRESS_ABOUT],
  examples: [['mooring rm transcode 42 cursor', 'the next attempt begins without it']],
  interrupted: UNSURE,
  plan(given) {
    const subject = readSubject(given);
    const key = readKey(subject.rest);
    return async (store, work) => {
      const ask = questioner(given, work);
      const found = await subject.find(store, work);
      const entry = await entryAt(found, key, work.signal);
      if (!(await ask(`Delete ${entryInWords(entry)} of ${found.name}?`))) return REFUSED;
      await found.handle.delete(key, { signal: work.signal });
      return {
        code: EXIT.ok,
        report: { deleted: entryReport(entry) },
        lines: [`deleted ${JSON.stringify(key)} of ${found.name}`],
      };
    };
  },
};
