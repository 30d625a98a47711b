import { ADDRESS_ABOUT, ADDRESS_OPERANDS } from '../../address/address.ts';
import type { StoreCommand } from '../../command.ts';
import { ANSWER_FLAGS, answering } from './answer.ts';
import { requireNoMore } from './not-submitted.ts';
import { UNSURE } from '../refused.ts';

/** `mooring reopen`: a job that failed for good may be submitted again. */
export const reopenCommand: StoreCommand = {
  kind: 'store',
  summary: 'let a failed external job be submitted again',
  operands: ADDRESS_OPERANDS,
  flags: ANSWER_FLAGS,
  about: [
    'For a record that has failed. Without it, an attempt of a job whose failure is final fails again with the same reason.',
    ...ADDRESS_ABOUT,
  ],
  examples: [['mooring reopen transcode 42 --retry', 'job 42 of the queue submits its next external job']],
  interrupted: UNSURE,
  plan: (given) =>
    answering(given, (rest) => {
      requireNoMore(rest);
      return {
        kind: 'reopened',
        states: ['failed'],
        give: (records, record, call) => records.reopen(record, call),
        inWords: ({ submission }, named) => `reopened ${named}: the next attempt makes submission ${submission + 1}`,
      };
    }),
};
