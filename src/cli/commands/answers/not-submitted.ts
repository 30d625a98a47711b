import { ADDRESS_ABOUT, ADDRESS_OPERANDS } from '../../address/address.ts';
import type { StoreCommand } from '../../command.ts';
import { UsageError } from '../../usage-error.ts';
import { ANSWER_FLAGS, answering } from './answer.ts';
import { UNSURE } from '../refused.ts';

/** `mooring not-submitted`: the submit never arrived. */
export const notSubmittedCommand: StoreCommand = {
  kind: 'store',
  summary: 'answer that a submit never arrived: the next attempt submits again',
  operands: ADDRESS_OPERANDS,
  flags: ANSWER_FLAGS,
  about: [
    'For a record that is ambiguous: look in the external system for its idempotency key first (mooring show). This is your word',
    'that there is no such job, and that no request for one is on its way. If it is wrong, there are two jobs.',
    ...ADDRESS_ABOUT,
  ],
  examples: [['mooring not-submitted transcode 42 --retry', 'job 42 of the queue submits again']],
  interrupted: UNSURE,
  plan: (given) =>
    answering(given, (rest) => {
      requireNoMore(rest);
      return {
        kind: 'not-submitted',
        states: ['ambiguous', 'submitting'],
        give: (records, record, call) => records.markNotSubmitted(record, call),
        inWords: ({ submission }, named) =>
          `noted that submission ${submission} of ${named} never arrived: the next attempt submits again`,
      };
    }),
};

/** @throws {@link UsageError} for words after the address. */
export function requireNoMore([unexpected]: readonly string[]): void {
  if (unexpected !== undefined) throw new UsageError(`${JSON.stringify(unexpected.slice(0, 40))} is a word too many`);
}
