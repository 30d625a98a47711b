import type { SetOptions } from '../../../index.ts';
import { ADDRESS_ABOUT, ADDRESS_OPERANDS } from '../../address/address.ts';
import type { StoreCommand } from '../../command.ts';
import { readDuration, type Given } from '../../flags.ts';
import { readGivenValue, VALUE_FLAGS } from '../../input/value.ts';
import { EXIT } from '../../outcome.ts';
import { entryInWords, entryReport } from './entry.ts';
import { readKey, readSubject, SUBJECT_FLAGS } from './subject.ts';
import { UNSURE } from '../refused.ts';

/** `mooring set`: writes one value. */
export const setCommand: StoreCommand = {
  kind: 'store',
  summary: 'write one value',
  operands: `${ADDRESS_OPERANDS} KEY [JSON]`,
  flags: {
    ...SUBJECT_FLAGS,
    ...VALUE_FLAGS,
    retention: { value: 'TIME', holds: "how long it is kept: 7d, forever (the store's; forever for an asset)" },
    'if-version': { value: 'VERSION', holds: "only over this version, or 'absent' for none (mooring get --json says it)" },
  },
  about: [
    'The value is JSON: a word, a file, or what is piped in. Other people of the machine can read words that are typed: give a secret',
    'in a file. A word that begins with a dash follows --. An attempt that runs may overwrite the value, and does not know of it',
    'if it has read the key already.',
    ...ADDRESS_ABOUT,
  ],
  examples: [
    ['mooring set transcode 42 cursor 17', 'a number'],
    ['mooring set transcode 42 title \'"A film"\' --retention 7d', 'a text, for a week'],
    ['mooring set transcode 42 subtitles --file a.vtt --bytes', 'the bytes of a file'],
  ],
  interrupted: UNSURE,
  plan(given) {
    const subject = readSubject(given);
    const [key, word, ...more] = subject.rest;
    readKey(key === undefined ? [] : [key, ...more]);
    const read = readGivenValue(given, word);
    const options = optionsOf(given);
    return async (store, work) => {
      const { signal } = work;
      const value = await read(work);
      const { handle, name } = await subject.find(store, work);
      const entry =
        'json' in value
          ? await handle.set(key as string, value.json, { ...options, signal })
          : await handle.setStream(key as string, value.bytes, { ...options, signal });
      return { code: EXIT.ok, report: entryReport(entry), lines: [`wrote ${entryInWords(entry)} of ${name}`] };
    };
  },
};

/** @throws {@link UsageError} */
function optionsOf(given: Given): SetOptions {
  const kept = given.text('retention');
  const retention = kept === 'forever' ? kept : readDuration('retention', kept);
  const ifVersion = given.text('if-version');
  return { ...(retention !== undefined && { retention }), ...(ifVersion !== undefined && { ifVersion: ifVersion as 'absent' }) };
}
